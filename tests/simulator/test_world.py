"""The world: the same for the same seed, alive in between, with everything in it that makes trouble."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from replicas_app.simulator import Simulator
from replicas_app.simulator.world.ids import Ids

from .asking import Caller, by_id, when

Ask = Callable[..., Caller]
Start = Callable[..., Simulator]
PROJECT = Path(__file__).parents[2]
EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
POINTS = "/api/v1/replicaPoints"
DIGEST = """
from hashlib import sha256
from replicas_app.simulator import Simulator
world = Simulator(replicas=20, vms=2, points=20, seed=7).world
told = [(replica["id"], replica["name"]) for replica in world.replicas], [point["id"] for point in world.points]
print(sha256(repr(told).encode()).hexdigest())
"""


def states(caller: Caller) -> dict[str, str]:
    return {one["id"]: one.get("state", "") for one in caller.all("/api/v1/replicas")}


def test_the_same_seed_makes_the_same_world_in_every_process():
    told = {
        subprocess.run([sys.executable, "-c", DIGEST], cwd=PROJECT, capture_output=True, check=True).stdout
        for _ in range(2)
    }

    assert len(told) == 1


def test_another_seed_makes_another_world(start: Start):
    seven, eight = start(seed=7).world, start(seed=8).world

    assert not by_id(seven.replicas).keys() & by_id(eight.replicas).keys()
    assert not by_id(seven.points).keys() & by_id(eight.points).keys()


def test_a_number_as_a_seed_is_the_same_as_its_text(start: Start):
    assert by_id(start(seed=7).world.points).keys() == by_id(start(seed="7").world.points).keys()


def test_a_world_at_a_moment_does_not_depend_on_how_it_came_there(start: Start):
    """One is looked at every hour, the other once."""
    watched, left = (start(replicas=20, still=False, now=EPOCH) for _ in range(2))
    watched.clock.freeze()
    left.clock.freeze()
    for _ in range(30):
        watched.clock.advance(3600)
        assert watched.world.points
    left.clock.advance(30 * 3600)

    assert by_id(watched.world.points) == by_id(left.world.points)
    assert watched.world.replicas == left.world.replicas


def test_a_still_world_stays_as_it_is(ask: Ask):
    caller = ask(replicas=20)
    before = caller.all("/api/v1/replicas"), caller.all(POINTS), caller.all("/api/v1/jobs/states")

    caller.simulator.clock.advance(10 * 86400)
    caller.signed_in()

    assert (caller.all("/api/v1/replicas"), caller.all(POINTS), caller.all("/api/v1/jobs/states")) == before


def test_points_appear_on_schedule_and_age_out_by_retention(start: Start):
    simulator = start(replicas=20, points=5, still=False, now=EPOCH)
    before = by_id(simulator.world.points)

    simulator.clock.advance(6 * 3600)
    after = by_id(simulator.world.points)

    new = [point for id, point in after.items() if id not in before]
    assert len(after) == len(before) == 19 * 2 * 5
    assert len(new) > 50
    assert all(when(point["creationTime"]) > EPOCH - timedelta(minutes=20) for point in new)
    assert all(when(point["creationTime"]) <= EPOCH + timedelta(hours=6) for point in after.values())


def test_a_new_points_vm_loses_its_oldest_one(start: Start):
    simulator = start(replicas=1, vms=1, points=3, still=False, now=EPOCH)
    before = [point["id"] for point in simulator.world.points]

    while [point["id"] for point in simulator.world.points] == before:
        simulator.clock.advance(300)

    assert [point["id"] for point in simulator.world.points][:-1] == before[1:]


def test_a_replica_fails_over_and_comes_back(start: Start):
    simulator = start(replicas=3, still=False, now=EPOCH)
    seen = []
    for _ in range(80):
        seen.append(simulator.world.replicas[2]["state"])
        simulator.clock.advance(3600)

    turns = [state for state, last in zip(seen, ["", *seen], strict=False) if state != last and state != "Processing"]
    assert "".join(f"{state} " for state in turns).startswith("Failover Failback ReadyToSwitch Ready Failover")


def test_while_it_is_failed_over_a_replica_gets_no_points(start: Start):
    simulator = start(replicas=3, still=False, now=EPOCH)
    failed_over = simulator.world.replicas[2]["id"]

    def newest() -> str:
        return max(p["creationTime"] for p in simulator.world.points if p["replicaId"] == failed_over)

    before = newest()
    simulator.clock.advance(2 * 3600)

    assert newest() == before


def test_a_point_is_suspicious_before_it_is_infected(start: Start):
    simulator = start(replicas=7, points=30, still=False, now=EPOCH)
    courses: dict[str, list[str | None]] = {}
    for _ in range(60):
        for point in simulator.world.points:
            courses.setdefault(point["id"], []).append(point.get("malwareStatus"))
        simulator.clock.advance(600)

    turns = {tuple(dict.fromkeys(course)) for course in courses.values()}
    assert {(None, "Clean", "Suspicious", "Infected"), (None, "Clean"), (None,)} <= turns
    assert all(course.index("Suspicious") < course.index("Infected") for course in turns if len(course) == 4)


def test_the_world_has_what_makes_trouble(caller: Caller):
    replicas, points = caller.all("/api/v1/replicas"), caller.all(POINTS)
    vms: dict[str, set[str]] = {one["id"]: set() for one in replicas}
    for point in points:
        vms[point["replicaId"]].add(point["name"])

    cdp = [one for one in replicas if one["type"] == "CDP"]
    assert cdp
    assert not any({"state", "creationTime"} & one.keys() for one in cdp)
    assert sorted({len(names) for names in vms.values()}) == [0, 2]
    assert {"Failover", "Failback", "PermanentFailover", "FailedFailover", "SureBackup", "Ready"} <= set(
        states(caller).values()
    )
    assert {point.get("malwareStatus") for point in points} == {None, "Clean", "Suspicious", "Infected", "Informative"}
    assert {"VMware", "HyperV", "Proxmox"} == {one["platformName"] for one in replicas}
    assert Counter(one["name"] for one in replicas).most_common(1)[0][1] == 2
    assert any("platformId" not in one for one in replicas)
    assert sum(point["platformId"].startswith("00000000") for point in points) > len(points) / 3


def test_names_have_every_sign_that_breaks_something(start: Start):
    simulator = start(replicas=200, vms=2, points=1)
    text = " ".join(one["name"] for one in simulator.world.replicas + simulator.world.points)

    assert [sign for sign in " ü%_*\"'\\🚀<>;=&#?,/" if sign not in text] == []


def test_one_vm_lags_behind_by_days(start: Start):
    simulator = start(replicas=2, points=10, now=EPOCH)
    lagging = simulator.world.replicas[1]["id"]
    newest: dict[str, datetime] = {}
    for point in simulator.world.points:
        if point["replicaId"] == lagging:
            created = when(point["creationTime"])
            newest[point["name"]] = max(created, newest.get(point["name"], created))

    ages = sorted(EPOCH - moment for moment in newest.values())
    assert ages[0] < timedelta(hours=2)
    assert timedelta(days=4.5) < ages[1] < timedelta(days=5.5)


def test_times_are_local_with_an_offset_and_without_trailing_zeros(start: Start):
    simulator = start(replicas=20, points=40, utc_offset="-07:00")
    fractions = Counter(len(point["creationTime"][19:-6]) for point in simulator.world.points)

    assert {point["creationTime"][-6:] for point in simulator.world.points} == {"-07:00"}
    assert not any(
        point["creationTime"][:-6].endswith("0") and "." in point["creationTime"] for point in simulator.world.points
    )
    assert fractions[0] > 20
    assert fractions[6] > 20
    assert fractions[7] > 500


def test_jobs_name_the_replicas_that_they_make_and_some_cannot_be_found(caller: Caller):
    jobs = by_id(caller.all("/api/v1/jobs/states"))
    replicas = caller.all("/api/v1/replicas")
    known = [one for one in replicas if one["jobId"] in jobs]

    assert len(known) == 15
    assert all(jobs[one["jobId"]]["name"] == one["name"] for one in known)
    assert {one["type"] for one in replicas if one["jobId"] not in jobs} == {"CDP", "Snapshot"}
    assert len(jobs) == 15 + 3


def test_a_job_its_last_run_and_the_tasks_of_it_agree(caller: Caller):
    sessions = by_id(caller.all("/api/v1/sessions"))
    tasks: dict[str, list[dict[str, Any]]] = {}
    for task in caller.all("/api/v1/taskSessions", typeFilter="Replica"):
        tasks.setdefault(task["sessionId"], []).append(task)
    points = by_id(caller.all(POINTS))

    for job in caller.all("/api/v1/jobs/states", typeFilter="VSphereReplica"):
        if "sessionId" not in job:
            continue
        session = sessions[job["sessionId"]]
        assert (session["jobId"], session["name"]) == (job["id"], job["name"])
        assert (session["creationTime"], session["result"]["result"]) == (job["lastRun"], job["lastResult"])
        own = tasks.get(session["id"], [])
        assert len(own) == job["objectsCount"]
        assert job["lastResult"] == "Failed" or not any(one["result"]["result"] == "Failed" for one in own)
        made = [points[one["replicaPointId"]] for one in own if one.get("replicaPointId") in points]
        assert all(point["name"] in {one["name"] for one in own} for point in made)


def test_the_job_of_a_vm_that_lags_fails_by_name(caller: Caller):
    lagging = caller.all("/api/v1/replicas")[1]
    job = by_id(caller.all("/api/v1/jobs/states"))[lagging["jobId"]]
    tasks = caller.all("/api/v1/taskSessions", sessionIdFilter=job["sessionId"])

    assert job["lastResult"] == "Failed"
    assert sorted(one["result"]["result"] for one in tasks) == ["Failed", "Success"]


def test_a_test_can_change_a_still_world(ask: Ask):
    caller = ask()
    world = caller.simulator.world

    world.replicas[0]["state"] = "Quarantined"
    world.replicas[1]["name"] = "half \ud83d"
    gone = world.points.pop()
    world.points[0]["malwareStatus"] = "NotScanned"
    del world.points[1]["platformId"]

    assert caller.all("/api/v1/replicas", stateFilter="quarantined")[0]["id"] == world.replicas[0]["id"]
    assert caller.get(f"/api/v1/replicas/{world.replicas[1]['id']}").json()["name"] == "half \ud83d"
    assert caller.get(f"{POINTS}/{gone['id']}").status_code == 404
    assert caller.all(POINTS)[0]["malwareStatus"] == "NotScanned"
    assert "platformId" not in caller.all(POINTS)[1]
    assert caller.get(POINTS).json()["pagination"]["total"] == len(world.points)


def test_the_lists_of_a_still_world_can_be_replaced(ask: Ask):
    caller = ask()
    kept = caller.simulator.world.replicas[:1]

    caller.simulator.world.replicas = kept
    caller.simulator.world.points = []

    assert [one["id"] for one in caller.all("/api/v1/replicas")] == [kept[0]["id"]]
    assert caller.all(POINTS) == []


@pytest.mark.parametrize(("points", "total"), [(15, 9 * 2 * 15), (1000, 9 * 2 * 1000), (1001, 1001), (5003, 5003)])
def test_points_count_for_each_vm_or_above_a_thousand_for_the_world(points: int, total: int, ask: Ask):
    caller = ask(replicas=10, points=points)

    assert caller.get(POINTS, limit=1).json()["pagination"]["total"] == total


@pytest.mark.parametrize("number", [0, 1, 4711, 2**39, 2**63, 2**64 - 1])
def test_an_id_leads_back_to_its_number_for_its_own_seed_and_kind_alone(number: int):
    ids = Ids(7, "point")

    assert ids.number(ids.of(number).upper()) == number
    assert Ids(8, "point").number(ids.of(number)) is None
    assert Ids(7, "replica").number(ids.of(number)) is None
    assert ids.number("not one") is None
