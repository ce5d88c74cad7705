"""The drop guard holds for what an interval's sync finds to be gone, as it does for a sweep."""

from operator import itemgetter

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import BackupServer
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.sync.small_world import a_point, interval, shown
from tests.syncing import do_sync


@pytest.fixture
def simulator():
    with Simulator(replicas=1, vms=1, points=40, seed=7, still=True, tls=True) as simulator:
        yield simulator


def test_a_server_that_suddenly_lists_one_new_point_and_a_single_old_one_is_not_believed(simulator, swept):
    before, new = shown(), a_point(simulator)
    simulator.world.points[:] = [new, max(simulator.world.points, key=itemgetter("creationTime"))]

    run = interval(swept)

    assert (run.state, run.error_cause, run.points_removed) == (SyncState.PARTIAL, "drop", 0)
    assert run.why_full == "most of the restore points that we hold would be gone"
    assert shown() == before | {new["id"]}
    assert swept.doubt == {"restore points": [2, len(before)]}


def test_nor_is_one_that_lists_a_new_point_alone(simulator, swept):
    before, new = shown(), a_point(simulator)
    simulator.world.points[:] = [new]

    run = interval(swept)

    assert (run.state, run.error_cause, run.points_removed) == (SyncState.PARTIAL, "drop", 0)
    assert shown() == before | {new["id"]}


def test_of_one_replica_among_many_all_points_may_go(simulator, server: BackupServer):
    with Simulator(replicas=12, vms=1, points=300, seed=7, still=True, tls=True) as larger:
        many = make_server_of(larger, "many")
        do_sync(many)
        new = a_point(larger)
        larger.world.points[:] = [one for one in larger.world.points if one["replicaId"] != new["replicaId"]] + [new]

        run = interval(many)

        assert run.state == SyncState.SUCCEEDED
        assert {str(uuid) for uuid in many.points.present().values_list("uuid", flat=True)} == {
            one["id"] for one in larger.world.points
        }
