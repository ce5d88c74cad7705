"""The world over a long time: a month in any order, restarts, replicas that go away and come back."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from replicas_app.simulator import Simulator
from replicas_app.simulator.world.schedule import Schedule

from .asking import Caller, by_id, when

Ask = Callable[..., Caller]
Start = Callable[..., Simulator]
EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
POINTS = "/api/v1/replicaPoints"


def snapshot(simulator: Simulator) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return simulator.world.replicas, sorted(simulator.world.points, key=lambda point: point["id"])


def test_a_month_can_be_visited_in_any_order(start: Start):
    """Each moment is what it is, whatever was looked at before."""
    there, straight = (start(still=False, replicas=20, points=8, now=EPOCH) for _ in range(2))
    days = [3, 29.7, 11.2, 3]
    for simulator in (there, straight):
        simulator.clock.freeze()

    told = []
    for day in days:
        there.clock.move_to(EPOCH + timedelta(days=day))
        told.append(snapshot(there))
    straight.clock.move_to(EPOCH + timedelta(days=29.7))

    assert told[0] == told[3]
    assert told[1] == snapshot(straight)
    assert told[0] != told[1] != told[2]


def test_within_a_month_everything_happens(start: Start):
    simulator = start(still=False, replicas=20, points=8, now=EPOCH)
    simulator.clock.freeze()
    came, went, changes, before = 0, 0, Counter(), ({}, {})

    for hour in range(0, 30 * 24, 6):
        simulator.clock.move_to(EPOCH + timedelta(hours=hour))
        now = tuple(map(by_id, snapshot(simulator)))
        came += len(now[1].keys() - before[1].keys())
        went += len(before[1].keys() - now[1].keys())
        for old, new in zip(before, now, strict=True):
            for id in old.keys() & new.keys():
                changes.update(key for key in ("state", "malwareStatus") if old[id].get(key) != new[id].get(key))
        before = now

    assert min(came, went) > 10_000
    assert min(changes["state"], changes["malwareStatus"]) > 30


def test_a_replica_that_is_away_is_listed_nowhere_and_comes_back_with_its_points(ask: Ask):
    caller = ask(still=False, replicas=6, points=4)
    caller.simulator.clock.freeze()
    before = caller.all("/api/v1/replicas"), caller.all(POINTS, orderColumn="CreationTime")
    gone = before[0][1]["id"]

    caller.simulator.world.away.add(gone)
    meanwhile = caller.all("/api/v1/replicas"), caller.all(POINTS, orderColumn="CreationTime")
    statuses = [caller.get(f"/api/v1/replicas/{gone}{rest}").status_code for rest in ("", "/replicaPoints")]
    caller.simulator.world.away.clear()

    assert meanwhile == (
        [one for one in before[0] if one["id"] != gone],
        [one for one in before[1] if one["replicaId"] != gone],
    )
    assert statuses == [404, 404]
    assert (caller.all("/api/v1/replicas"), caller.all(POINTS, orderColumn="CreationTime")) == before


def test_a_replica_with_a_thousand_points_of_a_vm_has_none_from_before_our_time(start: Start):
    """Those whose link was lost have not had new ones for days, not for centuries."""
    simulator = start(replicas=20, vms=1, points=1000)

    assert min(when(point["creationTime"]) for point in simulator.world.points).year > 2015


def test_a_restart_with_the_same_folder_goes_on_in_the_same_world(start: Start, tmp_path: Path):
    first = start(replicas=8, state_dir=tmp_path, still=False, now=EPOCH, tls=True)
    caller = Caller(first).signed_in()
    caller.rescan(first.world.replicas[7]["id"])
    first.clock.advance(3600)
    points = by_id(first.world.points)

    second = start(replicas=8, state_dir=tmp_path, still=False, now=EPOCH + timedelta(hours=1), tls=True)

    assert second.fingerprint == first.fingerprint
    assert by_id(second.world.points) == points


def test_a_rescan_goes_on_over_a_restart_with_the_same_folder(start: Start, tmp_path: Path):
    first = start(replicas=8, state_dir=tmp_path, rescan_seconds=60)
    caller = Caller(first).signed_in()
    ids = [caller.rescan(first.world.replicas[place]["id"]).json()["id"] for place in (0, 7)]
    caller.post(f"/api/v1/sessions/{ids[0]}/stop")

    second = start(replicas=8, state_dir=tmp_path)
    again = Caller(second).signed_in()
    running = again.session_of(ids[1])
    before = len(by_id(second.world.points))
    second.clock.advance(60)

    assert again.session_of(ids[0])["result"]["message"] == "The session was stopped."
    assert running["state"] in {"Starting", "Working"}
    assert again.session_of(ids[1])["result"]["result"] == "Success"
    assert len(by_id(second.world.points)) == before
    assert again.rescan(second.world.replicas[0]["id"]).json()["id"] not in ids


def test_a_damaged_folder_is_told_and_not_overwritten(start: Start, tmp_path: Path):
    (tmp_path / "world.json").write_text("{")

    with pytest.raises(ValueError, match=r"world\.json is damaged"):
        start(state_dir=tmp_path)

    assert (tmp_path / "world.json").read_text() == "{"


def test_runs_are_numbered_without_those_that_are_skipped():
    schedule = Schedule(period=10, phase=5, duration=2, runs=3, skipped=2)

    assert [schedule.start(run) for run in range(-2, 5)] == [-35, -25, 5, 15, 25, 55, 65]
    assert [schedule.last_started(moment) for moment in (5, 14, 15, 34, 54, 55)] == [0, 0, 1, 2, 2, 3]
    assert [schedule.last_finished(moment) for moment in (16, 17)] == [0, 1]
    assert [schedule.pause(moment) for moment in (34, 35, 45, 54, 55)] == [None, 0.0, 0.5, 0.95, None]
    assert [schedule.is_running(moment) for moment in (5, 6, 7, 36)] == [True, True, False, False]
