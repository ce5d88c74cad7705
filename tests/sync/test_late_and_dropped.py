"""Points that turn up late, and those that retention drops for new ones: found by counts, without a sweep."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter

import pytest
from django.utils import timezone

from replicas_app.choices import SyncState
from replicas_app.models import SyncRun
from replicas_app.simulator.clock import HOUR
from replicas_app.sync import dropped
from replicas_app.sync import interval as interval_module
from replicas_app.sync.interval import RECENT
from replicas_app.vbr import retries
from tests.sync.small_world import POINTS, a_point, asked_for_points, interval, shown, there
from tests.syncing import do_sync


def test_a_point_that_is_listed_an_hour_after_its_job_began_is_found_without_a_sweep(simulator, swept):
    began = simulator.clock.text(simulator.clock.now() - HOUR)
    simulator.world.points.append(a_point(simulator, creationTime=began))

    run = interval(swept)

    assert (run.is_full, run.points_added) == (False, 1)
    assert shown() == there(simulator)


def test_a_look_that_goes_farther_back_asks_only_for_the_time_before_the_look_before(simulator, swept):
    """The points that it brought would be listed once more, and servers list slowly."""
    began = simulator.clock.text(simulator.clock.now() - HOUR)
    simulator.world.points.append(a_point(simulator, creationTime=began))

    interval(swept)

    looks = [one.query for one in asked_for_points(simulator) if one.query.get("limit") != ["1"]]
    first, *farther = [moment(look["createdAfterFilter"]) for look in looks]
    until = [moment(look["createdBeforeFilter"]) for look in looks[1:]]
    assert "createdBeforeFilter" not in looks[0]
    assert until == [begin + dropped.MARGIN for begin in (first, *farther[:-1])]
    assert farther


def moment(values: list[str]) -> datetime:
    return datetime.fromisoformat(values[0])


def test_a_point_that_goes_between_two_looks_is_not_stored(simulator, swept):
    """It came with the first; the farthest look takes nothing of that for granted."""
    began = simulator.clock.text(simulator.clock.now() - HOUR)
    late = [a_point(simulator, number, creationTime=began) for number in (1, 2)]
    gone = a_point(simulator)
    simulator.world.points += [*late, gone]

    def goes_when_it_has_come() -> bool:
        if gone in simulator.world.points and asked_for_points(simulator):
            simulator.world.points.remove(gone)
        return False

    run = do_sync(swept, full="", should_stop=goes_when_it_has_come)

    assert (run.state, run.is_full, run.points_added) == (SyncState.SUCCEEDED, False, 2)
    assert shown() == there(simulator)


def test_the_point_that_retention_drops_for_a_new_one_is_gone_without_a_sweep(simulator, swept):
    new = a_point(simulator)
    same_replica = [point for point in simulator.world.points if point["replicaId"] == new["replicaId"]]
    simulator.world.points.remove(min(same_replica, key=lambda point: point["creationTime"]))
    simulator.world.points.append(new)

    run = interval(swept)

    assert (run.state, run.is_full) == (SyncState.SUCCEEDED, False)
    assert (run.points_added, run.points_removed) == (1, 1)
    assert shown() == there(simulator)


def vms_with_old_points(simulator) -> dict[tuple[str, str], list[dict]]:
    """(Replica, VM) → its points, the oldest first, of VMs whose oldest one is not the newest."""
    vms = defaultdict(list)
    for point in sorted(simulator.world.points, key=itemgetter("creationTime")):
        vms[point["replicaId"], point["name"]].append(point)
    return {vm: points for vm, points in vms.items() if len(points) > 1}


def test_where_retention_drops_old_points_their_times_are_looked_at_and_nothing_else(simulator, swept):
    for number, (oldest, *_) in enumerate(vms_with_old_points(simulator).values()):
        simulator.world.points.append(a_point(simulator, simulator.world.points.index(oldest)))
        simulator.world.points.remove(oldest)
        if number == 1:
            break

    run = interval(swept)

    assert (run.is_full, run.points_added, run.points_removed) == (False, 2, 2)
    assert shown() == there(simulator)
    assert 1 <= sum("createdBeforeFilter" in one.query for one in asked_for_points(simulator)) <= 2
    assert not any("/replicaPoints" in one.path and one.path != POINTS for one in simulator.requests)


def test_a_time_in_which_retention_dropped_points_is_asked_for_again_only_by_the_farthest_look(simulator, swept):
    """However often the counts still disagree: another VM lost a point, which no look at these times explains."""
    (kept, *_), (*_, gone) = islice(vms_with_old_points(simulator).values(), 2)
    simulator.world.points.append(a_point(simulator, simulator.world.points.index(kept)))
    simulator.world.points.remove(kept)
    simulator.world.points.remove(gone)

    run = interval(swept)

    asked = Counter(str(one.query) for one in asked_for_points(simulator) if "createdBeforeFilter" in one.query)
    assert run.is_full
    assert max(asked.values()) == 2
    assert shown() == there(simulator)


def test_points_that_turn_up_late_while_retention_drops_others_take_no_sweep(simulator, swept):
    began = simulator.clock.text(simulator.clock.now() - HOUR)
    oldest, *_ = next(iter(vms_with_old_points(simulator).values()))
    like = simulator.world.points.index(oldest)
    simulator.world.points += [a_point(simulator, number, creationTime=began) for number in (like, like + 1)]
    simulator.world.points.remove(oldest)

    run = interval(swept)

    assert (run.is_full, run.points_added, run.points_removed) == (False, 2, 1)
    assert shown() == there(simulator)


@pytest.fixture
def counts_the_last(monkeypatch):
    """Have every interval count the points of this recent time, whose turn comes sooner or later."""
    return lambda time: monkeypatch.setattr(interval_module, "RECENT", (time,))


def test_a_late_point_that_took_the_place_of_an_old_one_is_found_though_as_many_are_there(
    simulator, swept, counts_the_last
):
    counts_the_last(4 * timedelta(hours=1))
    began = simulator.clock.text(simulator.clock.now() - 3 * HOUR)
    oldest = min(simulator.world.points, key=itemgetter("creationTime"))
    late = a_point(simulator, simulator.world.points.index(oldest), creationTime=began)
    simulator.world.points[simulator.world.points.index(oldest)] = late

    run = interval(swept)

    assert (run.is_full, run.points_added, run.points_removed) == (False, 1, 1)
    assert shown() == there(simulator)


def test_recent_points_are_counted_for_another_time_at_each_interval(swept):
    began = timezone.now()
    interval_of = timedelta(seconds=swept.sync_interval_seconds)
    runs = [SyncRun(server=swept, started_at=began + number * interval_of) for number in range(len(RECENT))]

    assert sorted(map(interval_module._recent, runs)) == sorted(RECENT)


def is_a_count(request) -> bool:
    return "createdAfterFilter" in request.query and request.query["limit"] == ["1"]


def test_a_count_of_recent_points_that_nothing_explains_is_let_be_until_the_next_sweep(simulator, swept):
    """It never sets off a sweep: all points are as many as they should be."""
    wrong = {"query": "limit=1&.*createdAfterFilter", "action": "set", "at": "pagination.total", "value": 49}
    simulator.faults.add({"path": f"^{POINTS}$", **wrong})
    run = interval(swept)
    simulator.requests.clear()
    again = interval(swept)
    counted_again = [one for one in asked_for_points(simulator) if is_a_count(one)]
    do_sync(swept, full="wanted by the test")
    simulator.requests.clear()
    interval(swept)

    assert (run.state, run.is_full, again.is_full, counted_again) == (SyncState.SUCCEEDED, False, False, [])
    assert any(is_a_count(one) for one in asked_for_points(simulator))
    assert shown() == there(simulator)


def test_of_a_time_that_came_short_nothing_is_taken_for_gone(simulator, swept):
    (kept, *_), (*_, gone) = islice(vms_with_old_points(simulator).values(), 2)
    simulator.world.points.append(a_point(simulator, simulator.world.points.index(kept)))
    simulator.world.points.remove(gone)
    nothing = {"action": "set", "at": "data", "value": []}
    simulator.faults.add({"path": f"^{POINTS}$", "query": "createdBeforeFilter", **nothing})

    run = interval(swept)

    assert (run.is_full, run.points_added, run.points_removed) == (True, 1, 1)
    assert kept["id"] in shown()
    assert shown() == there(simulator)


def a_point_more_and_one_less_elsewhere(simulator) -> str:
    """The id of a point that stays, where a look expects one to be gone."""
    (kept, *_), (*_, gone) = islice(vms_with_old_points(simulator).values(), 2)
    simulator.world.points.append(a_point(simulator, simulator.world.points.index(kept)))
    simulator.world.points.remove(gone)
    return kept["id"]


def says_of_any_time(simulator, points: list[dict]) -> None:
    """Whatever time is asked for, the server lists these."""
    filtered = {"path": f"^{POINTS}$", "query": "createdBeforeFilter", "action": "set"}
    simulator.faults.add({**filtered, "at": "data", "value": points})
    simulator.faults.add({**filtered, "at": "pagination.total", "value": len(points)})


@pytest.mark.parametrize("listed", [0, 3])
def test_a_server_that_takes_the_times_of_a_filter_for_other_ones_loses_no_point(simulator, swept, listed):
    """The counts would bear it out: as many went, but others."""
    kept = a_point_more_and_one_less_elsewhere(simulator)
    newest = sorted(simulator.world.points, key=itemgetter("creationTime"))[-listed - 1 : -1]
    says_of_any_time(simulator, newest)

    run = interval(swept)

    assert (run.is_full, run.points_removed) == (True, 1)
    assert kept in shown()
    assert shown() == there(simulator)


def test_what_a_look_did_not_find_stays_where_the_read_breaks_off_before_counts_bear_it_out(
    simulator, swept, monkeypatch
):
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.01)
    (oldest, *_), *_ = vms_with_old_points(simulator).values()
    simulator.world.points.append(a_point(simulator, simulator.world.points.index(oldest)))
    simulator.world.points.remove(oldest)
    simulator.faults.add({"path": f"^{POINTS}$", "query": "limit=1&", "when": "2-", "status": 500})

    run = interval(swept)

    assert (run.state, run.points_added, run.points_removed) == (SyncState.FAILED, 1, 0)
    assert oldest["id"] in shown()


def test_times_that_lie_far_apart_are_looked_at_one_by_one_and_close_ones_together():
    minutes = [0, 1, 3, 60, 62, 600]
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute) for minute in minutes]

    found = dropped._spans(moments)

    assert found == [(moments[0], moments[2]), (moments[3], moments[4]), (moments[5], moments[5])]
    assert dropped._spans([]) == []


def test_a_look_has_at_most_so_many_spans_and_joins_those_that_are_closest():
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number**2) for number in range(20)]

    found = dropped._spans(moments)

    assert len(found) == dropped.MOST_SPANS
    assert found[0] == (moments[0], moments[12])
    assert found[-1] == (moments[19], moments[19])
