"""Restore points that a list left out although it came whole: they are asked for once more before they are gone."""

from collections.abc import Callable
from operator import itemgetter

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import RestorePoint
from replicas_app.vbr import retries
from tests.sync.faulty import NEW_ID, POINTS, Watched, asked, held, oldest, there
from tests.syncing import do_sync

LOOK = {"path": POINTS, "query": "createdBeforeFilter"}
"""What a rule says that means the look at the times of what did not come."""
WITNESS = 1
"""So many looks are at a time of which something came, and tell whether the server takes times as we do."""


@pytest.fixture
def in_pages(simulator, server):
    """A server that cuts its lists into pages of 3 and was read whole."""
    simulator.manners.max_limit = 3
    do_sync(server)
    simulator.requests.clear()
    return server


def by_age(simulator) -> list[dict]:
    return sorted(simulator.world.points, key=itemgetter("creationTime"))


def one_goes_and_one_comes(simulator) -> Callable[[], bool]:
    """What to give a sync as `should_stop`: while the points are read the oldest one goes, and a new one comes."""
    oldest, *others = by_age(simulator)
    new = oldest | {"id": NEW_ID, "creationTime": simulator.clock.text(simulator.clock.now())}

    def should_stop() -> bool:
        if any(one.query["skip"] != ["0"] for one in asked(simulator, "/api/v1/replicaPoints")):
            simulator.world.points = [*others, new]
        return False

    return should_stop


def looks(simulator) -> tuple[int, set[str]]:
    """How many times were asked for, and which replicas for their points."""
    paths = (one.path.split("/") for one in simulator.requests)
    replicas = {path[-2] for path in paths if path[-3:-1] != ["api", "v1"] and path[-1] == "replicaPoints"}
    return sum("createdBeforeFilter" in one.query for one in simulator.requests), replicas


def test_a_point_that_moves_across_the_end_of_a_page_while_one_goes_and_one_comes_is_not_taken_for_gone(
    simulator, in_pages
):
    """As many different points come as the list announced. The one that went is seen by the next read."""
    oldest = by_age(simulator)[0]["id"]

    run = do_sync(in_pages, should_stop=one_goes_and_one_comes(simulator))

    assert (run.state, run.points_added, run.points_removed) == (SyncState.SUCCEEDED, 1, 0)
    assert held()[1] == there(simulator)[1] | {oldest}
    assert looks(simulator) == (1 + WITNESS, set())


def test_what_went_after_its_page_came_is_found_by_the_next_interval(simulator, in_pages):
    """More are held then than the list announced, which is no count that the server is known for."""
    do_sync(in_pages, should_stop=one_goes_and_one_comes(simulator))

    run = do_sync(in_pages, full="")

    assert (run.state, run.points_removed, held()) == (SyncState.SUCCEEDED, 1, there(simulator))


def test_where_retention_dropped_most_points_their_times_are_asked_for_since_little_is_left_there(simulator, in_pages):
    gone = by_age(simulator)[: len(simulator.world.points) * 2 // 3]
    for number, point in enumerate(gone):
        point["creationTime"] = f"2026-01-01T00:{number:02}:00Z"
    do_sync(in_pages)
    simulator.requests.clear()
    simulator.world.points = [point for point in simulator.world.points if point not in gone]
    oldest = by_age(simulator)[0]["id"]

    run = do_sync(in_pages, should_stop=one_goes_and_one_comes(simulator))

    assert (run.state, run.points_added, run.points_removed) == (SyncState.SUCCEEDED, 1, len(gone))
    assert held()[1] == there(simulator)[1] | {oldest}
    assert looks(simulator) == (2 + WITNESS, set())


def test_where_points_are_missing_all_over_the_time_the_replicas_that_are_left_are_asked_for_theirs(
    simulator, in_pages
):
    away = simulator.world.replicas[0]["id"]
    gone = [point for place, point in enumerate(by_age(simulator)) if place % 2 or point["replicaId"] == away]
    simulator.world.replicas = simulator.world.replicas[1:]
    simulator.world.points = [point for point in simulator.world.points if point not in gone]
    oldest = by_age(simulator)[0]["id"]

    run = do_sync(in_pages, should_stop=one_goes_and_one_comes(simulator))

    assert (run.state, run.points_added, run.points_removed) == (SyncState.SUCCEEDED, 1, len(gone))
    assert held() == (there(simulator)[0], there(simulator)[1] | {oldest})
    times, replicas = looks(simulator)
    assert (times, {point["replicaId"] for point in gone} - {away} <= replicas) == (0, True)
    assert replicas <= there(simulator)[0]


@pytest.fixture
def one_gone_of_two_at_the_same_time(simulator, server):
    """The point that is left of two that were created together. Both were read before one of them went."""
    gone = oldest(simulator)
    left = next(
        point for point in simulator.world.points if point is not gone and point.get("malwareStatus") == "Clean"
    )
    left["creationTime"] = gone["creationTime"]
    do_sync(server)
    simulator.world.points.remove(gone)
    return left


def test_what_changed_between_a_list_and_the_second_look_at_it_is_not_taken_for_unchanged_later(
    simulator, server, one_gone_of_two_at_the_same_time
):
    """A page that is remembered says how its points are stored: of those on it the first look counts."""
    simulator.faults.add({**LOOK, "times": 1, "action": "set", "key": "malwareStatus", "value": "Infected"})

    first, second = do_sync(server), do_sync(server)

    point = RestorePoint.objects.get(uuid=one_gone_of_two_at_the_same_time["id"])
    assert (first.points_removed, first.points_changed, second.points_changed) == (1, 0, 0)
    assert point.malware == "Clean"
    assert held() == there(simulator)


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 404}, {"action": "html", "status": 404}], ids=str)
def test_a_second_look_that_breaks_off_removes_nothing(
    simulator, server, one_gone_of_two_at_the_same_time, monkeypatch, fault
):
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)
    before = held()
    simulator.faults.add({**LOOK, **fault})

    run = do_sync(server)

    assert (run.state, run.points_removed, held()) == (SyncState.FAILED, 0, before)


def test_a_server_that_takes_the_times_of_a_filter_for_other_ones_is_asked_replica_by_replica(simulator, in_pages):
    """What it lists of a time proves nothing."""
    oldest = by_age(simulator)[0]["id"]
    simulator.faults.add({**LOOK, "status": 200, "body": {"data": [], "pagination": {"total": 0}}})

    run = do_sync(in_pages, should_stop=one_goes_and_one_comes(simulator))

    assert (run.state, run.points_added, run.points_removed) == (SyncState.SUCCEEDED, 1, 0)
    assert held()[1] == there(simulator)[1] | {oldest}
    assert looks(simulator)[1]


def test_a_second_look_that_comes_short_since_points_go_meanwhile_is_had_once_more(simulator, in_pages):
    """Points move across the end of a page of the list, and again across one of the look at their time."""
    same_time, others = by_age(simulator)[:9], by_age(simulator)[9:]
    for point in same_time:
        point["creationTime"] = same_time[0]["creationTime"]
    simulator.world.points = [*same_time, *others]
    do_sync(in_pages)
    new = [others[-1] | {"id": NEW_ID[:-1] + digit} for digit in "123"]
    late = [same_time[0] | {"id": NEW_ID[:-1] + digit} for digit in "456"]

    def points_move() -> None:
        looked_at = looks(simulator)[0]
        if looked_at:
            simulator.world.points = [*(late if looked_at == 1 else []), *same_time[3:], *others, *new]
        elif asked(simulator, "/api/v1/replicaPoints"):
            simulator.world.points = [*same_time[3:], *others, *new]

    simulator.requests = Watched(points_move)
    run = do_sync(in_pages)

    assert (run.state, run.points_removed) == (SyncState.SUCCEEDED, 0)
    assert {point["id"] for point in same_time[3:]} <= held()[1]
