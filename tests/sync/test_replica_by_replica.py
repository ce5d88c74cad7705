"""A server that has no list of all its points: they are read replica by replica, each time."""

from collections import defaultdict
from operator import itemgetter

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import RestorePoint
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.sync.faulty import NEW_ID, Watched, held, ids, there
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


def test_a_replica_that_goes_before_its_points_are_asked_for_takes_them_along_and_stops_no_read(transactional_db, old):
    """It was in the list, so that it went itself is seen by the next read."""
    server = make_server_of(old)
    do_sync(server)
    gone = max(old.world.replicas, key=lambda replica: replica["id"])
    of_it = ids(point for point in old.world.points if point["replicaId"] == gone["id"])

    def it_goes_while_the_points_of_others_are_read() -> bool:
        if any(one.path.endswith("/replicaPoints") for one in old.requests[asked:]):
            old.world.replicas = [replica for replica in old.world.replicas if replica is not gone]
            old.world.points = [point for point in old.world.points if point["id"] not in of_it]
        return False

    asked = len(old.requests)
    run = do_sync(server, should_stop=it_goes_while_the_points_of_others_are_read)
    held_then = held()
    after = do_sync(server)

    assert (run.state, run.error, run.points_removed) == (SyncState.SUCCEEDED, "", len(of_it))
    assert held_then == (there(old)[0] | {gone["id"]}, there(old)[1])
    assert (after.state, held()) == (SyncState.SUCCEEDED, there(old))


def test_a_replica_that_is_there_and_whose_points_are_not_found_is_a_fault(transactional_db, old):
    server = make_server_of(old)
    do_sync(server)
    before = held()
    hidden = max(ids(old.world.replicas))
    old.faults.add({"path": f"{hidden}/replicaPoints$", "status": 404, "body": {"errorCode": "NotFound"}})

    run = do_sync(server)

    assert (run.state, run.error_cause, run.points_removed) == (SyncState.FAILED, "gone", 0)
    assert held() == before


@pytest.fixture
def in_pages(transactional_db, old):
    """One that cuts its lists into pages of 3 and was read whole."""
    old.manners.max_limit = 3
    server = make_server_of(old)
    do_sync(server)
    old.requests.clear()
    return server


def of_one_replica(simulator: Simulator) -> list[dict]:
    """The points of the replica that has most of them, the oldest first."""
    by_replica = defaultdict(list)
    for point in sorted(simulator.world.points, key=itemgetter("creationTime")):
        by_replica[point["replicaId"]].append(point)
    return max(by_replica.values(), key=len)


def asked_of(simulator: Simulator, replica_id: str) -> list:
    """What was asked, from the first page on, of its points."""
    path = f"/{replica_id}/replicaPoints"
    return [one for one in simulator.requests if one.path.endswith(path) and one.query["skip"] == ["0"]]


def test_a_point_that_moves_across_the_end_of_a_page_of_its_replica_is_not_taken_for_gone(old, in_pages):
    """As many different points came as were announced. The one that went is seen by the next read."""
    gone, *_ = of_one_replica(old)
    new = gone | {"id": NEW_ID, "creationTime": old.clock.text(old.clock.now())}

    def one_goes_and_one_comes() -> None:
        if len(asked_of(old, gone["replicaId"])) == 1 and gone in old.world.points:
            old.world.points = [*(point for point in old.world.points if point is not gone), new]

    old.requests = Watched(one_goes_and_one_comes)
    run = do_sync(in_pages)

    assert (run.state, run.points_removed) == (SyncState.SUCCEEDED, 0)
    assert held()[1] == there(old)[1] | {gone["id"]}
    assert len(asked_of(old, gone["replicaId"])) == 2


def test_a_replica_whose_points_came_on_one_page_is_not_asked_a_second_time_for_those_that_went(old, in_pages):
    old.manners.max_limit = None
    gone, *_ = of_one_replica(old)
    old.world.points.remove(gone)

    run = do_sync(in_pages)

    assert (run.points_removed, len(asked_of(old, gone["replicaId"]))) == (1, 1)
