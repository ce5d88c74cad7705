"""Rescans: a session from its start to its end, and what it does to the world."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from replicas_app.simulator import Simulator
from tests.waiting import wait_until

from .asking import Caller

Ask = Callable[..., Caller]
UNSEEN, WARNS, FAILS = 7, 11, 17
"""Places of the replicas in a world of twenty whose habits show in a rescan."""


def began(session: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(session["creationTime"])


def first_ids(caller: Caller, count: int = 1) -> list[str]:
    return [one["id"] for one in caller.simulator.world.replicas[:count]]


def ended(caller: Caller, id: str) -> dict[str, Any]:
    """The session once it has stopped."""
    return wait_until(lambda: (session := caller.session_of(id))["state"] == "Stopped" and session)


def rescanned(caller: Caller, *replica_ids: str) -> dict[str, Any]:
    """The session of a rescan that has been let run to its end."""
    started = caller.rescan(*replica_ids)
    assert started.status_code == 201, started.text
    caller.simulator.clock.advance(1)
    return ended(caller, started.json()["id"])


def test_a_rescan_starts_a_session_of_the_user_who_asked(ask: Ask):
    caller = ask()
    caller.simulator.clock.freeze()

    answer = caller.rescan(*first_ids(caller))

    said = answer.json()
    assert answer.status_code == 201
    assert (said["sessionType"], said["state"]) == ("ConfigurationResynchronize", "Starting")
    assert (said["progressPercent"], said["result"]["result"], said["initiatedBy"]) == (0, "None", "svc")
    assert said["jobId"] == said["id"]
    assert "endTime" not in said


def test_a_session_ends_by_itself(ask: Ask):
    caller = ask(rescan_seconds=0.1)
    started = caller.rescan(*first_ids(caller)).json()

    assert ended(caller, started["id"])["result"]["result"] == "Success"


def test_a_session_goes_from_starting_over_working_to_stopped(ask: Ask):
    caller = ask(rescan_seconds=10)
    caller.simulator.clock.freeze()
    seen = [caller.rescan(*first_ids(caller, 3)).json()]
    while seen[-1]["state"] != "Stopped":
        caller.simulator.clock.advance(0.5)
        seen.append(caller.session_of(seen[0]["id"]))

    assert list(dict.fromkeys(one["state"] for one in seen)) == ["Starting", "Working", "Stopped"]
    percents = [one["progressPercent"] for one in seen]
    assert percents == list(range(0, 101, 5))
    assert seen[-1]["result"] == {"result": "Success", "message": "Success", "isCanceled": False}
    assert seen[-1]["endTime"] > seen[-1]["creationTime"]


def test_the_log_grows_with_the_session(ask: Ask):
    caller = ask(rescan_seconds=10)
    caller.simulator.clock.freeze()
    id = caller.rescan(*first_ids(caller, 3)).json()["id"]
    lengths = []
    for _ in range(11):
        log = caller.get(f"/api/v1/sessions/{id}/logs").json()
        assert log["totalRecords"] == len(log["records"])
        lengths.append(len(log["records"]))
        caller.simulator.clock.advance(1)

    titles = [record["title"] for record in log["records"]]
    names = [one["name"] for one in caller.simulator.world.replicas[:3]]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (0, 5)
    assert titles[1:4] == [f"Rescanning replica {name}" for name in names]
    assert {record["status"] for record in log["records"]} == {"Succeeded"}


def test_log_records_are_filtered_by_status(ask: Ask):
    caller = ask()
    caller.simulator.next_result("Failed", "No host answers.")
    id = rescanned(caller, *first_ids(caller))["id"]

    found = caller.get(f"/api/v1/sessions/{id}/logs", statusFilter="failed").json()

    assert found["totalRecords"] == 1
    assert found["records"][0]["description"] == "No host answers."


@pytest.mark.parametrize("result", ["Success", "Warning", "Failed"])
def test_a_test_can_say_how_the_next_rescan_ends(result: str, ask: Ask):
    caller = ask()
    caller.simulator.next_result(result, "as ordered")

    first, second = rescanned(caller, *first_ids(caller)), rescanned(caller, *first_ids(caller))

    assert first["result"] == {"result": result, "message": "as ordered", "isCanceled": False}
    assert second["result"]["result"] == "Success"


@pytest.mark.parametrize(
    ("places", "result"),
    [([0], "Success"), ([WARNS], "Warning"), ([FAILS], "Failed"), ([0, WARNS], "Warning"), ([WARNS, FAILS], "Failed")],
)
def test_else_a_rescan_ends_as_the_worst_of_its_replicas(places: list[int], result: str, ask: Ask):
    caller = ask(replicas=20)
    replicas = caller.simulator.world.replicas

    session = rescanned(caller, *(replicas[place]["id"] for place in places))

    assert session["result"]["result"] == result


def test_a_session_that_is_stopped_ends_as_failed_with_an_empty_log(ask: Ask):
    caller = ask(rescan_seconds=60)
    caller.simulator.clock.freeze()
    id = caller.rescan(*first_ids(caller)).json()["id"]

    assert caller.post(f"/api/v1/sessions/{id}/stop").json() == {}
    stopping = caller.session_of(id)["state"]
    caller.simulator.clock.advance(1)
    session = ended(caller, id)

    assert stopping == "Stopping"
    assert (session["result"]["result"], session["result"]["isCanceled"]) == ("Failed", False)
    assert caller.get(f"/api/v1/sessions/{id}/logs").json() == {"totalRecords": 0, "records": []}


def test_a_stopped_session_can_be_marked_as_cancelled(ask: Ask):
    caller = ask(rescan_seconds=60, stop_says_cancelled=True)
    id = caller.rescan(*first_ids(caller)).json()["id"]
    caller.post(f"/api/v1/sessions/{id}/stop")

    assert ended(caller, id)["result"]["isCanceled"] is True


def test_stopping_what_has_ended_changes_nothing(ask: Ask):
    caller = ask()
    session = rescanned(caller, *first_ids(caller))

    assert caller.post(f"/api/v1/sessions/{session['id']}/stop").status_code == 200
    assert caller.session_of(session["id"]) == session


@pytest.mark.parametrize(
    "body",
    ["", "{}", '{"replicaIds": []}', '{"replicaIds": null}', '{"replicaPointIds": ["x"]}'],
)
def test_what_an_empty_rescan_does_is_a_choice(body: str, ask: Ask):
    headers = {"Content-Type": "application/json"}
    refusing, accepting = ask(), ask(empty_rescan="accept")

    refused = refusing.post("/api/v1/replicas/rescan", data=body, headers=headers)
    accepted = accepting.post("/api/v1/replicas/rescan", data=body, headers=headers)

    assert (refused.status_code, accepted.status_code) == (400, 201)


@pytest.mark.parametrize(
    "body",
    ['{"replicaIds": ["x"]}', '{"replicaIds": "all"}', '{"replicaIds": [7]}', "[]", '{"replicaIds": [', "null"],
)
def test_a_rescan_that_makes_no_sense_is_malformed(body: str, ask: Ask):
    caller = ask(empty_rescan="accept")

    answer = caller.post("/api/v1/replicas/rescan", data=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "UnexpectedContent")


def test_a_rescan_of_a_replica_that_is_gone_is_refused_and_names_it(ask: Ask):
    caller = ask()
    gone = caller.simulator.world.replicas.pop()["id"]

    answer = caller.rescan(*first_ids(caller), gone)

    assert (answer.status_code, answer.json()["errorCode"], answer.json()["resourceId"]) == (400, "NotFound", gone)
    assert caller.simulator.rescans.all() == []


def test_a_rescan_is_in_the_list_of_sessions_beside_the_servers_own(ask: Ask):
    caller = ask()
    caller.simulator.clock.freeze()
    id = caller.rescan(*first_ids(caller)).json()["id"]

    found = caller.all("/api/v1/sessions", typeFilter="ConfigurationResynchronize", stateFilter="Starting")
    everything = caller.all("/api/v1/sessions", typeFilter="ConfigurationResynchronize")

    assert id in [one["id"] for one in found]
    assert everything[0]["id"] == id
    assert {one["initiatedBy"] for one in everything} == {"svc", "SYSTEM", ".\\SYSTEM"}
    assert {one["name"] for one in everything} == {"Configuration Database Resynchronize"}


@pytest.mark.parametrize("written_down", [True, False])
def test_a_rescan_finds_points_that_the_server_had_not_seen(written_down: bool, ask: Ask):
    caller = ask(replicas=8)
    replica = caller.all("/api/v1/replicas")[UNSEEN]["id"]
    path = f"/api/v1/replicas/{replica}/replicaPoints"
    if written_down:
        assert len(caller.simulator.world.points) == 42
    before = caller.all(path, orderColumn="CreationTime")

    rescanned(caller, replica)
    after = caller.all(path, orderColumn="CreationTime")

    assert len(after) == len(before) == 6
    assert after[-1]["creationTime"] > before[-1]["creationTime"]
    assert not {one["id"] for one in before} & {one["id"] for one in after}
    assert caller.get(f"/api/v1/replicaPoints/{after[-1]['id']}").json() == after[-1]


def test_a_rescan_that_fails_finds_nothing(ask: Ask):
    caller = ask(replicas=8)
    replica = caller.all("/api/v1/replicas")[UNSEEN]["id"]
    before = caller.all("/api/v1/replicaPoints")
    caller.simulator.next_result("Failed")

    rescanned(caller, replica)

    assert caller.all("/api/v1/replicaPoints") == before


def test_two_rescans_have_two_sessions(ask: Ask):
    caller = ask()

    started = [caller.rescan(*first_ids(caller)).json()["id"] for _ in range(2)]

    assert len(set(started)) == 2


def test_an_initiator_is_unknown_to_the_oldest_revision(world_of_all: Simulator):
    caller = Caller(world_of_all, "1.2-rev1").signed_in()

    assert not any("initiatedBy" in one for one in caller.all("/api/v1/sessions"))


def test_the_server_resynchronises_itself_every_quarter_of_an_hour(ask: Ask):
    caller = ask(now=datetime(2026, 3, 1, 12, tzinfo=UTC))
    query = {"typeFilter": "ConfigurationResynchronize"}
    before = caller.all("/api/v1/sessions", **query)

    caller.simulator.clock.advance(3600)
    caller.signed_in()
    later = caller.all("/api/v1/sessions", **query)

    known = {one["id"] for one in before}
    new = [one for one in later if one["id"] not in known]
    gaps = [began(after) - began(before) for before, after in pairwise(reversed(later))]
    assert len(new) == 4
    assert all(timedelta(seconds=880) < gap < timedelta(seconds=920) for gap in gaps)
    assert all(one["jobId"] == one["id"] for one in later)
    assert 7 * 96 - 1 <= len(before) <= 7 * 96 + 1
    assert caller.session_of(new[-1]["id"]) == new[-1]
