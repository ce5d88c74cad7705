"""A server that has no list of all its points: they are read replica by replica, each time."""

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import RestorePoint
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.syncing import do_sync


@pytest.fixture
def old():
    with Simulator(replicas=6, vms=2, points=5, seed=7, bulk_points=False) as simulator:
        yield simulator


def shown(simulator: Simulator) -> bool:
    ours = {str(uuid) for uuid in RestorePoint.objects.present().values_list("uuid", flat=True)}
    return ours == {point["id"] for point in simulator.world.points}


@pytest.mark.parametrize("full", ["", "wanted by the test"])
def test_a_replica_whose_page_came_as_before_is_asked_for_its_points_all_the_same(transactional_db, old, full):
    server = make_server_of(old)
    do_sync(server)

    again = do_sync(server, full=full)
    old.world.points = old.world.points[2:]
    third = do_sync(server, full=full)

    assert [(run.state, run.error) for run in (again, third)] == [(SyncState.SUCCEEDED, "")] * 2
    assert (again.points_unchanged, third.points_removed) == (third.points_unchanged + 2, 2)
    assert shown(old)
