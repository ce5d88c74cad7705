"""Rules that make the server misbehave."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from replicas_app.simulator import FaultError
from replicas_app.simulator.faults import load_rules
from replicas_app.simulator.faults.rules import rule_of

from .asking import Caller

Ask = Callable[..., Caller]
POINTS = "/api/v1/replicaPoints"
REPLICAS = "/api/v1/replicas"


@pytest.fixture
def faulty(ask: Ask) -> Callable[..., Caller]:
    """Signs in to a server, then lays rules upon it."""

    def faulty(*rules: dict[str, Any], **given: Any) -> Caller:
        caller = ask(**given)
        for rule in rules:
            caller.simulator.faults.add(rule)
        return caller

    return faulty


def statuses(caller: Caller, times: int, path: str = REPLICAS) -> list[int]:
    return [caller.get(path).status_code for _ in range(times)]


@pytest.mark.parametrize(
    ("when", "hit"),
    [("1-2", [1, 2]), ("3", [3]), (3, [3]), ("2,5", [2, 5]), ("5-", [5, 6]), ("-2", [1, 2]), ("1, 4-5", [1, 4, 5])],
)
def test_a_rule_says_which_of_the_matching_requests_are_meant(when: Any, hit: list[int], faulty):
    caller = faulty({"path": "replicas$", "when": when, "action": "status", "status": 503})

    assert statuses(caller, 6) == [503 if place in hit else 200 for place in range(1, 7)]


def test_requests_that_do_not_match_are_not_counted(faulty):
    caller = faulty({"path": "replicas$", "when": "2", "action": "empty"})

    caller.get(POINTS)
    first, _, second = caller.get(REPLICAS), caller.get(POINTS), caller.get(REPLICAS)

    assert (len(first.content) > 0, second.content) == (True, b"")


@pytest.mark.parametrize(
    ("matcher", "hit"),
    [
        ({"path": "^/api/v1/replicas$"}, [200, 418, 200, 200]),
        ({"path": ""}, [418, 418, 418, 418]),
        ({"method": "post"}, [418, 200, 200, 200]),
        ({"path": "replicaPoints", "query": "skip=200"}, [200, 200, 200, 418]),
        ({"sent": "grant_type=password"}, [418, 200, 200, 200]),
    ],
)
def test_a_rule_matches_by_path_method_query_and_what_was_sent(matcher: dict[str, Any], hit: list[int], faulty):
    caller = faulty(matcher | {"action": "status", "status": 418})

    found = [
        caller.token_for().status_code,
        caller.get(REPLICAS).status_code,
        caller.get(POINTS, skip=0).status_code,
        caller.get(POINTS, skip=200).status_code,
    ]

    assert found == hit


def test_paths_are_matched_without_the_base_path(faulty):
    caller = faulty({"path": "^/api/v1/replicas$", "status": 500}, base_path="/vbr")

    assert statuses(caller, 1) == [500]


def test_a_rule_fires_so_many_times(faulty):
    caller = faulty({"path": "replicas$", "times": 2, "status": 500})

    assert statuses(caller, 4) == [500, 500, 200, 200]
    caller.simulator.faults.clear()
    assert statuses(caller, 2) == [200, 200]


def test_a_probability_misbehaves_the_same_way_each_time(faulty):
    rule = {"path": "replicas$", "probability": 0.5, "status": 500}

    first, second = (statuses(faulty(rule), 40) for _ in range(2))

    assert first == second
    assert 8 < first.count(500) < 32


def test_a_rule_knows_how_often_it_was_met_and_set_off(faulty):
    caller = faulty()
    rule = caller.simulator.faults.add({"path": "replicas$", "when": "2-", "status": 500})

    statuses(caller, 3)

    assert (rule.seen, rule.fired) == (3, 2)


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


RULES = [
    {"path": "replicas$", "when": "1-2", "status": 503},
    {"action": "set", "key": "endTime", "value": "1900-01-01T00:00:00"},
]
AS_YAML = """
rules:
  - {path: "replicas$", when: 1-2, status: 503}
  - action: set
    key: endTime
    value: 1900-01-01T00:00:00
"""


@pytest.mark.parametrize(
    "text", [json.dumps(RULES), json.dumps({"rules": RULES}), AS_YAML], ids=["list", "mapping", "yaml"]
)
def test_a_script_is_json_or_yaml(text: str, tmp_path: Path):
    script = tmp_path / "faults"
    script.write_text(text)

    assert load_rules(script) == RULES


def test_half_a_character_survives_in_a_script(tmp_path: Path):
    script = tmp_path / "faults.json"
    script.write_text(r'[{"action": "set", "key": "name", "value": "web\ud83d"}]')

    assert load_rules(script)[0]["value"] == "web\ud83d"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"action": "explode"}, ": 'explode' is no action; there are cap, certificate"),
        ({"action": "rest"}, ": 'rest' is no action .was 'reset' meant.."),
        ({"action": 5}, ": 5 is no action; there are"),
        ({}, " has no action; there are cap"),
        ({"acton": "reset"}, " has no action .was 'acton' meant for it..; there are cap"),
        ({"action": "reset", "status": 5}, "'status' is not known there"),
        ({"status": 99}, "status must be a status from 200 to 599, not 99"),
        ({"status": 500, "path": "("}, "path '\\(' is no regular expression"),
        ({"status": 500, "when": "soon"}, "when 'soon' is not like 3, 1-2"),
        ({"status": 500, "times": "two"}, "times must be a number from 0 on"),
        ({"action": "delay"}, "'seconds' is missing"),
        ({"action": "versions", "versions": ["2.0"]}, "versions must be a list of 1.2-rev1"),
        ("reset", "is no mapping"),
    ],
    ids=str,
)
def test_a_rule_that_cannot_be_meant_says_why(rule: Any, said: str):
    with pytest.raises(FaultError, match=f"^Rule 4.*{said}"):
        rule_of(rule, 4)


@pytest.mark.parametrize("by", [2, -3])
def test_a_list_moves_between_two_pages(by: int, faulty):
    caller = faulty(replicas=20, vms=1, points=1)
    everything = caller.all(POINTS)
    caller.simulator.faults.add({"path": "replicaPoints$", "action": "shift", "by": by})

    first, second = (caller.all(POINTS, skip=skip, limit=10) for skip in (0, 10))

    assert first == everything[:10]
    assert second == everything[10 + by : 20 + by]
