"""Which requests a rule means that makes the server misbehave."""

from typing import Any

import pytest

from .asking import statuses

POINTS = "/api/v1/replicaPoints"
REPLICAS = "/api/v1/replicas"


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
