"""Rules that make the server misbehave."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from .asking import Caller, statuses

Ask = Callable[..., Caller]
POINTS = "/api/v1/replicaPoints"
REPLICAS = "/api/v1/replicas"


def test_an_action_of_its_own_is_not_needed_for_a_status(faulty):
    body = {"errorCode": "AccessDenied", "message": "No."}
    caller = faulty({"path": "replicas$", "status": 403, "body": body})

    answer = caller.get(REPLICAS)

    assert (answer.status_code, answer.json()) == (403, body)


def test_a_status_can_have_headers_and_any_text_as_its_body(faulty):
    caller = faulty({"action": "status", "status": 429, "headers": {"Retry-After": 3}, "body": "Slow down"})

    answer = caller.get(REPLICAS)

    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (429, "3", "Slow down")


def test_html_comes_from_something_in_between(faulty):
    answer = faulty({"action": "html", "status": 403}).get(REPLICAS)

    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("tls", "said"), [(False, "reset by peer"), (True, "reset by peer|without response")])
def test_a_reset_cuts_the_connection_without_an_answer(tls: bool, said: str, faulty):
    """Python's TLS reports some resets as an end."""
    caller = faulty({"path": "rescan$", "method": "POST", "times": 1, "action": "reset"}, tls=tls)

    with pytest.raises(requests.exceptions.ConnectionError, match=said):
        caller.rescan(caller.simulator.world.replicas[0]["id"])

    assert caller.simulator.rescans.all() == []
    assert caller.simulator.requests[-1].status == 0
    assert statuses(caller, 1) == [200]


def test_a_request_can_be_carried_out_before_its_answer_is_lost(faulty):
    caller = faulty({"path": "rescan$", "action": "reset", "after": True})

    with pytest.raises(requests.exceptions.ConnectionError):
        caller.rescan(caller.simulator.world.replicas[0]["id"])

    assert len(caller.simulator.rescans.all()) == 1


@pytest.mark.parametrize("tls", [True, False])
def test_a_truncated_answer_is_shorter_than_announced(tls: bool, faulty):
    caller = faulty({"path": "replicas$", "action": "truncate", "bytes": 100, "times": 1}, tls=tls)

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="100 bytes read"):
        caller.get(REPLICAS)
    assert statuses(caller, 1) == [200]


def test_a_drip_takes_its_time(faulty):
    caller = faulty({"path": "serverTime$", "action": "drip", "bytes": 30, "seconds": 0.05})
    began = time.monotonic()

    answer = caller.get("/api/v1/serverTime")

    assert answer.json()["serverTime"]
    assert 0.1 < time.monotonic() - began < 5


def test_a_delay_comes_before_the_answer(faulty):
    caller = faulty({"path": "serverTime$", "action": "delay", "seconds": 0.2})
    began = time.monotonic()

    assert caller.get("/api/v1/serverTime").status_code == 200

    assert 0.2 <= time.monotonic() - began < 5


def test_invalid_json_is_none(faulty):
    answer = faulty({"path": "replicas$", "action": "invalid_json"}).get(REPLICAS)

    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    "text", ["web\ud83d", r"C:\temp\new", r"\.", r"\N", "a\tb", "two\r\nlines", "nul\x00", "=1+1"], ids=ascii
)
def test_one_value_of_one_record_is_set(text: str, faulty):
    caller = faulty({"path": "replicaPoints$", "action": "set", "key": "name", "index": 0, "value": text})
    names = [point["name"] for point in caller.simulator.world.points]

    answer = caller.get(POINTS)

    assert [point["name"] for point in answer.json()["data"]] == [text, *names[1:]]
    assert answer.content.isascii()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"key": "state", "value": None}, ["None", "None", "None", "None"]),
        ({"key": "state", "index": -1, "value": 7}, ["Ready", "Ready", "Failover", "7"]),
        ({"key": "state", "index": 9, "value": 7}, ["Ready", "Ready", "Failover", ""]),
        ({"at": "data.1.state", "value": "Gone"}, ["Ready", "Gone", "Failover", ""]),
        ({"values": {"state": "A", "name": "B"}, "index": 0}, ["A", "Ready", "Failover", ""]),
        ({"at": "data", "value": []}, []),
    ],
    ids=str,
)
def test_values_are_set_by_key_or_by_place(rule: dict[str, Any], expected: list[str], faulty):
    caller = faulty({"path": "replicas$", "action": "set"} | rule)

    assert [str(one.get("state", "")) for one in caller.get(REPLICAS).json()["data"]] == expected


def test_a_total_can_be_wrong_and_a_single_object_be_changed(faulty):
    caller = faulty(
        {"path": "replicas$", "action": "set", "at": "pagination.total", "value": 40000},
        {
            "path": "/api/v1/sessions/[^/]+$",
            "action": "set",
            "values": {"endTime": "1900-01-01T00:00:00", "state": "Working", "result.result": "None"},
        },
    )
    session = caller.all("/api/v1/sessions")[0]

    changed = caller.session_of(session["id"])

    assert caller.get(REPLICAS).json()["pagination"]["total"] == 40000
    assert changed["result"] == session["result"] | {"result": "None"}
    assert (changed["endTime"], changed["state"]) == ("1900-01-01T00:00:00", "Working")


def test_a_value_can_be_a_moment_from_now_on(faulty):
    value = [{"id": "x", "creationTime": {"$now": 5}}]
    caller = faulty({"path": "^/api/v1/sessions$", "action": "set", "at": "data", "value": value})

    created = datetime.fromisoformat(caller.get("/api/v1/sessions").json()["data"][0]["creationTime"])

    ahead = created - datetime.fromisoformat(caller.get("/api/v1/serverTime").json()["serverTime"])
    assert timedelta(seconds=3) < ahead <= timedelta(seconds=5)


def test_keys_records_and_order_can_get_lost(faulty):
    caller = faulty()
    everything = caller.get(POINTS).json()["data"]
    changes = {
        "remove": {"key": "platformId", "index": 1},
        "drop": {"index": 1, "count": 2},
        "repeat": {"index": 0, "count": 3},
        "shuffle": {},
    }
    found = {}
    for action, given in changes.items():
        caller.simulator.faults.clear()
        caller.simulator.faults.add({"path": "replicaPoints$", "action": action} | given)
        found[action] = caller.get(POINTS).json()["data"]

    assert "platformId" not in found["remove"][1]
    assert found["drop"] == [everything[0], *everything[3:]]
    assert found["repeat"] == everything + everything[:3]
    assert found["shuffle"] != everything
    assert sorted(one["id"] for one in found["shuffle"]) == sorted(one["id"] for one in everything)


def test_tokens_can_end_in_the_middle_of_a_listing(faulty):
    caller = faulty({"path": "replicas$", "when": "3", "action": "expire"})

    assert statuses(caller, 4) == [200, 200, 401, 401]
    assert caller.renewed(caller.token["refresh_token"]).status_code == 401
    assert caller.signed_in().get(REPLICAS).status_code == 200


def test_a_refresh_can_be_refused_while_logins_work(faulty):
    caller = faulty({"path": "token$", "sent": "grant_type=refresh_token", "status": 400})

    assert caller.renewed(caller.token["refresh_token"]).status_code == 400
    assert caller.token_for().status_code == 200


def test_pages_can_be_capped_at_some_time(faulty):
    caller = faulty({"path": "replicaPoints$", "when": "2-", "action": "cap", "limit": 3})

    assert [caller.get(POINTS, limit=10).json()["pagination"]["limit"] for _ in range(2)] == [10, 3]


def test_a_server_can_change_its_certificate_and_its_revisions(faulty):
    caller = faulty(
        {"path": "serverTime$", "when": "2", "action": "certificate"},
        {"path": "serverTime$", "when": "2", "action": "versions", "versions": ["1.3-rev1"]},
        tls=True,
    )
    before = caller.simulator.fingerprint

    caller.get("/api/v1/serverTime")
    assert caller.simulator.fingerprint == before
    caller.get("/api/v1/serverTime")

    assert caller.simulator.fingerprint != before
    assert caller.simulator.manners.versions == ("1.3-rev1",)


@pytest.mark.parametrize("by", [2, -3])
def test_a_list_moves_between_two_pages(by: int, faulty):
    caller = faulty(replicas=20, vms=1, points=1)
    everything = caller.all(POINTS)
    caller.simulator.faults.add({"path": "replicaPoints$", "action": "shift", "by": by})

    first, second = (caller.all(POINTS, skip=skip, limit=10) for skip in (0, 10))

    assert first == everything[:10]
    assert second == everything[10 + by : 20 + by]
