"""Lists that are cut, shift, repeat themselves, count wrongly or are suddenly empty.

Whatever a list leaves out, nothing of it counts as removed before one has come whole that is believed.
"""

import pytest

from replicas_app import sync
from replicas_app.choices import Role, SyncState
from replicas_app.models import RestorePoint
from replicas_app.simulator import Simulator
from tests.factories import make_person, make_server_of
from tests.sync.faulty import LISTED, NEW_ID, POINTS, REPLICAS, asked, held, is_told, newest, oldest, there
from tests.syncing import do_sync

ALL_POINTS = "/api/v1/replicaPoints"


@pytest.fixture
def in_pages(simulator, server):
    """A server that cuts its lists into pages of 10 and was read whole; since then a point came and one went."""
    simulator.manners.max_limit = 10
    do_sync(server)
    simulator.world.points.remove(newest(simulator))
    simulator.world.points.append(oldest(simulator) | {"id": NEW_ID})
    simulator.requests.clear()
    return server


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_a_server_that_gives_less_than_asked_loses_nothing_and_is_asked_for_that_next_time(transactional_db, limit):
    with Simulator(replicas=limit // 20 + 7, vms=3, points=limit // 10 + 4, seed=5, max_limit=limit) as simulator:
        server = make_server_of(simulator)

        first = do_sync(server)
        simulator.requests.clear()
        second = do_sync(server)

        assert (first.state, second.state) == (SyncState.SUCCEEDED, SyncState.SUCCEEDED)
        assert held() == there(simulator)
        assert server.page_size == limit
        assert {one.query["limit"][0] for one in asked(simulator, ALL_POINTS)} <= {str(limit), "1"}


def test_a_server_that_refuses_large_pages_is_read_in_those_that_it_grants(simulator, server):
    refusal = {"errorCode": "UnexpectedContent", "message": "limit must not exceed 500"}
    simulator.faults.add({"path": "^/api/v1/replica", "query": "limit=1000", "status": 400, "body": refusal})

    run = do_sync(server)

    assert (run.state, server.page_size) == (SyncState.SUCCEEDED, 200)
    assert held() == there(simulator)


@pytest.mark.parametrize(("build", "asked_next"), [("13.0.1.999", {"1000"}), (None, {"200"})])
def test_a_server_of_another_build_is_asked_for_large_pages_again(simulator, server, build, asked_next):
    refusal = {"errorCode": "UnexpectedContent", "message": "limit must not exceed 500"}
    simulator.faults.add({"path": "^/api/v1/replica", "query": "limit=1000", "status": 400, "body": refusal})
    do_sync(server)
    simulator.faults.clear()
    simulator.requests.clear()
    if build:
        simulator.faults.add({"path": "serverInfo", "action": "set", "at": "buildVersion", "value": build})

    do_sync(server)

    assert {one.query["limit"][0] for one in asked(simulator, "/api/v1/replicas")} == asked_next
    assert held() == there(simulator)


def test_rows_that_are_missed_while_a_list_moves_come_with_the_second_pass(simulator, in_pages):
    simulator.faults.add({"path": POINTS, "query": "skip=10", "times": 1, "action": "shift", "by": 3})

    run = do_sync(in_pages)

    assert (run.state, run.error) == (SyncState.SUCCEEDED, "")
    assert held() == there(simulator)


def test_rows_that_come_twice_while_a_list_moves_hide_no_other(simulator, in_pages):
    simulator.faults.add({"path": POINTS, "query": "skip=[1-9]", "times": 4, "action": "shift", "by": -4})

    run = do_sync(in_pages)

    assert run.state == SyncState.SUCCEEDED
    assert held() == there(simulator)


@pytest.mark.parametrize(
    "rule",
    [
        {"action": "shift", "by": 3},
        {"query": "skip=20", "action": "drop", "index": 4, "count": 2},
        {"query": "skip=20", "action": "repeat", "count": 3},
        {"action": "set", "at": "pagination.total", "value": 10_000},
    ],
    ids=str,
)
def test_a_list_that_never_comes_whole_removes_nothing(simulator, in_pages, rule):
    before, last_success = held(), in_pages.last_success_at
    simulator.faults.add({**LISTED, **rule})

    run = do_sync(in_pages)

    assert (run.state, run.error_cause, run.points_removed) == (SyncState.PARTIAL, "short", 0)
    assert held() == (before[0], before[1] | {NEW_ID})
    assert in_pages.last_success_at == last_success
    assert is_told(run, in_pages)


@pytest.mark.parametrize("total", [1, 25, 30])
def test_a_list_whose_total_is_too_small_is_read_to_its_end_all_the_same(simulator, in_pages, total):
    simulator.faults.add({**LISTED, "action": "set", "at": "pagination.total", "value": total})

    run = do_sync(in_pages)

    assert (run.state, run.points_removed) == (SyncState.SUCCEEDED, 1)
    assert held() == there(simulator)


@pytest.mark.parametrize("total", [None, "many", -1])
def test_a_list_without_a_total_is_read_to_its_empty_page(simulator, in_pages, total):
    simulator.faults.add({**LISTED, "action": "set", "at": "pagination.total", "value": total})

    run = do_sync(in_pages)

    assert run.state == SyncState.SUCCEEDED
    assert held() == there(simulator)


def test_pages_whose_rows_come_in_another_order_each_time_change_nothing(simulator, in_pages):
    do_sync(in_pages)
    simulator.faults.add({"path": "^/api/v1/replica", "action": "shuffle"})

    run = do_sync(in_pages)

    assert (run.state, run.points_unchanged) == (SyncState.SUCCEEDED, len(simulator.world.points))
    assert held() == there(simulator)


def test_a_row_that_comes_twice_with_two_contents_is_stored_once_as_it_came_last(simulator, in_pages):
    twin = oldest(simulator)
    simulator.faults.add({"path": POINTS, "query": "skip=30", "action": "set", "at": "data.0", "value": {
        **twin, "malwareStatus": "Infected"}})  # fmt: skip

    do_sync(in_pages)

    assert RestorePoint.objects.get(uuid=twin["id"]).malware == "Infected"


EMPTY = {"action": "status", "status": 200, "body": {"data": [], "pagination": {"total": 0, "count": 0}}}


@pytest.mark.parametrize("path", [POINTS, REPLICAS])
def test_a_list_that_is_suddenly_empty_is_not_believed_before_a_person_says_so(transactional_db, path):
    with Simulator(replicas=12, vms=1, points=3, seed=5) as simulator:
        server = make_server_of(simulator)
        do_sync(server)
        before = held()
        simulator.faults.add({"path": path, **EMPTY})

        doubted = do_sync(server)
        kept = held()
        told = is_told(doubted, server)
        sync.sync(sync.accept_drop(server, make_person(role=Role.ADMIN)).pk)

    assert (doubted.state, doubted.error_cause) == (SyncState.PARTIAL, "drop")
    assert (kept, told) == (before, True)
    assert held()[1 if path == POINTS else 0] == set()


def test_a_list_that_is_empty_by_mistake_and_full_again_leaves_no_trace(simulator, server):
    do_sync(server)
    before = held()
    simulator.faults.add({**LISTED, "times": 2, **EMPTY})

    doubted = do_sync(server)
    simulator.faults.clear()
    then = do_sync(server)

    assert (doubted.error_cause, then.state) == ("drop", SyncState.SUCCEEDED)
    assert held() == before
    assert (server.doubt, server.last_error) == ({}, "")


def test_between_two_full_sweeps_only_new_points_are_asked_for(simulator, server):
    do_sync(server)
    now = simulator.clock.text(simulator.clock.now())
    simulator.world.points.append(newest(simulator) | {"id": NEW_ID, "creationTime": now})
    simulator.requests.clear()

    run = do_sync(server, full="")

    whole = [one for one in asked(simulator, ALL_POINTS) if "createdAfterFilter" not in one.query]
    assert (run.state, run.is_full, run.points_added) == (SyncState.SUCCEEDED, False, 1)
    assert {one.query["limit"][0] for one in whole} == {"1"}


def test_what_was_deleted_behind_the_back_of_an_intervals_sync_shows_in_the_count_and_is_found(simulator, server):
    do_sync(server)
    gone = oldest(simulator)
    simulator.world.points.remove(gone)

    run = do_sync(server, full="")

    assert (run.state, run.is_full) == (SyncState.SUCCEEDED, True)
    assert held() == there(simulator)


@pytest.mark.parametrize("rule", [{"action": "shift", "by": 5}, {"action": "drop"}, {"action": "repeat"}], ids=str)
def test_an_intervals_sync_of_a_list_that_moves_loses_nothing(simulator, in_pages, rule):
    """It cannot tell what is new, so it reads everything."""
    before = held()
    for point in simulator.world.points[:25]:
        simulator.world.points.append(newest(simulator) | {"id": point["id"][:-4] + "cafe"})
    simulator.faults.add({"path": POINTS, "query": "createdAfter", **rule})

    run = do_sync(in_pages, full="")

    assert run.state == SyncState.SUCCEEDED
    assert held()[1] >= {point["id"] for point in simulator.world.points}
    assert held()[0] == before[0]
