"""What an interval's look at a time has to bring before anything of that time counts as gone."""

from datetime import timedelta
from operator import itemgetter

import pytest

from replicas_app.simulator.clock import HOUR
from replicas_app.sync import interval as interval_module
from replicas_app.sync.memory import RECENT_STAYS_WRONG
from tests.sync.small_world import POINTS, a_point, interval, shown, there
from tests.sync.test_late_and_dropped import a_point_more_and_one_less_elsewhere, vms_with_old_points
from tests.syncing import do_sync


def beside(simulator, id: str) -> list[dict]:
    """The points before and after that one in time."""
    by_age = sorted(simulator.world.points, key=itemgetter("creationTime"))
    [place] = [place for place, point in enumerate(by_age) if point["id"] == id]
    return by_age[max(place - 1, 0) : place] + by_age[place + 1 : place + 2]


@pytest.mark.parametrize("damage", [{}, {"name": 7}], ids=["missing", "not to be read"])
def test_where_others_of_that_time_come_and_one_does_not_though_it_was_announced_nothing_is_gone(
    simulator, swept, damage
):
    """The counts would bear it out: as many went, but another one."""
    kept = a_point_more_and_one_less_elsewhere(simulator)
    damaged = [point | damage for point in simulator.world.points if damage and point["id"] == kept]
    listed = [*beside(simulator, kept), *damaged]
    total = len(beside(simulator, kept)) + 1
    for page, rows in (("skip=0", listed), ("skip=[1-9]", [])):
        look = {"path": f"^{POINTS}$", "query": f"{page}.*createdBeforeFilter", "action": "set"}
        simulator.faults.add({**look, "at": "data", "value": rows})
        simulator.faults.add({**look, "at": "pagination.total", "value": total})

    run = interval(swept)

    assert (run.is_full, run.points_removed) == (True, 1)
    assert shown() == there(simulator)


@pytest.mark.parametrize("damage", [{"action": "drop"}, {"action": "set", "key": "name", "value": 7}], ids=str)
def test_of_a_replica_whose_own_list_comes_short_nothing_is_gone(simulator, swept, damage):
    """It got a point, so it is read to its end; another replica lost one."""
    new = a_point(simulator)
    of_replica = [point for point in simulator.world.points if point["replicaId"] == new["replicaId"]]
    for days, point in enumerate(of_replica, 2):
        point["creationTime"] = simulator.clock.text(simulator.clock.now() - days * 24 * HOUR)
    do_sync(swept)
    simulator.world.points.append(new)
    [gone, *_] = [point for point in simulator.world.points if point["replicaId"] != new["replicaId"]]
    simulator.world.points.remove(gone)
    simulator.faults.add({"path": f"{new['replicaId']}/replicaPoints$", "index": 1, **damage})

    run = interval(swept)

    assert (run.is_full, run.points_added, run.points_removed) == (True, 1, 1)
    assert shown() == there(simulator)


def test_what_an_interval_found_to_be_gone_is_forgotten_by_the_sweep_that_it_becomes(simulator, swept):
    """Of a replica that was read to its end a point is gone, of another one, too; and then the sweep comes short."""
    before, new = shown(), a_point(simulator)
    of_replica = [point for point in simulator.world.points if point["replicaId"] == new["replicaId"]]
    [other, *_] = [point for point in simulator.world.points if point["replicaId"] != new["replicaId"]]
    newest = max(of_replica, key=itemgetter("creationTime"))
    simulator.world.points[:] = [point for point in simulator.world.points if point not in (newest, other)] + [new]
    whole = {"path": f"^{POINTS}$", "query": "limit=(?!1&)(?!.*created)"}
    simulator.faults.add({**whole, "action": "drop", "index": 3})

    run = interval(swept)

    assert (run.is_full, run.error_cause, run.points_removed) == (True, "short", 0)
    assert shown() == before | {new["id"]}


def test_a_finding_that_retention_drops_takes_no_sweep(simulator, swept):
    (oldest, *_), *_ = (points for points in vms_with_old_points(simulator).values())
    oldest["malwareStatus"] = "Infected"
    do_sync(swept)
    new = a_point(simulator, simulator.world.points.index(oldest), malwareStatus="Clean")
    simulator.world.points.remove(oldest)
    simulator.world.points.append(new)

    run = interval(swept)

    assert (run.is_full, run.points_added, run.points_removed) == (False, 1, 1)


def test_a_recent_point_that_retention_drops_leaves_the_count_of_recent_ones_right(simulator, swept, monkeypatch):
    """Else nobody would ask for that count again before the next sweep."""
    monkeypatch.setattr(interval_module, "RECENT", (timedelta(hours=24),))
    points = next(iter(vms_with_old_points(simulator).values()))
    for minutes, point in enumerate(reversed(points), 10):
        point["creationTime"] = simulator.clock.text(simulator.clock.now() - minutes * HOUR // 60)
    do_sync(swept)
    new = a_point(simulator, simulator.world.points.index(points[0]))
    simulator.world.points.remove(points[0])
    simulator.world.points.append(new)

    run = interval(swept)

    assert (run.is_full, run.points_added, run.points_removed) == (False, 1, 1)
    assert RECENT_STAYS_WRONG not in swept.uncounted
