"""The drop guard, and what a person's answer to it holds for: that drop, once, and no farther."""

import pytest

from replicas_app import sync
from replicas_app.choices import Role, SyncState
from replicas_app.models import BackupServer, SyncRun
from replicas_app.simulator import Simulator
from replicas_app.vbr import retries
from tests.factories import make_person, make_server_of
from tests.sync.faulty import LISTED, held, there
from tests.syncing import do_sync

EMPTY = {"action": "status", "status": 200, "body": {"data": [], "pagination": {"total": 0, "count": 0}}}


@pytest.fixture
def simulator():
    with Simulator(replicas=12, vms=1, points=10, seed=5, still=True, tls=True) as simulator:
        yield simulator


def accept(server: BackupServer) -> SyncRun:
    server.refresh_from_db()
    run = sync.accept_drop(server, make_person(role=Role.ADMIN))
    sync.sync(run.pk)
    run.refresh_from_db()
    server.refresh_from_db()
    return run


def test_a_server_with_a_few_points_that_suddenly_has_none_is_not_believed_either(transactional_db):
    with Simulator(replicas=2, vms=1, points=2, seed=5, still=True, tls=True) as small:
        server = make_server_of(small)
        do_sync(server)
        before = held()
        small.faults.add({**LISTED, **EMPTY})

        run = do_sync(server)

    assert (run.state, run.error_cause, held()) == (SyncState.PARTIAL, "drop", before)


def test_who_accepted_a_drop_did_not_accept_that_everything_goes(simulator, swept):
    all_points = simulator.world.points[:]
    simulator.world.points[:] = all_points[:5]
    doubted = do_sync(swept)
    simulator.faults.add({**LISTED, **EMPTY})

    run = accept(swept)

    assert (doubted.error_cause, run.error_cause, run.points_removed) == ("drop", "drop", 0)
    assert swept.doubt == {"restore points": [0, len(all_points)]}


def test_an_answer_holds_for_one_drop_and_not_for_the_next(simulator, swept):
    before = held()
    simulator.faults.add({**LISTED, **EMPTY})
    do_sync(swept)
    accepted = accept(swept)
    simulator.faults.clear()
    do_sync(swept)
    back = held()
    simulator.faults.add({**LISTED, **EMPTY})

    again = do_sync(swept)

    assert accepted.points_removed == len(before[1])
    assert (back, held(), again.error_cause) == (before, before, "drop")


def test_an_answer_outlives_a_sweep_that_breaks_off(simulator, swept, monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)
    simulator.world.points[:] = simulator.world.points[:5]
    do_sync(swept)
    simulator.faults.add({**LISTED, "status": 500})
    broken_off = accept(swept)
    simulator.faults.clear()

    run = do_sync(swept)

    assert (broken_off.state, run.state) == (SyncState.FAILED, SyncState.SUCCEEDED)
    assert held() == there(simulator)
