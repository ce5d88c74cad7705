"""Filters, order and pages of the lists."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from replicas_app.simulator import Simulator

from .asking import NEWEST, Caller, when

Ask = Callable[..., Caller]
POINTS = "/api/v1/replicaPoints"
REPLICAS = "/api/v1/replicas"


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


@pytest.fixture(scope="module")
def odd() -> Any:
    """A world with the names of a test's own."""
    with Simulator(replicas=6, vms=1, points=1, tls=False) as simulator:
        for replica, name in zip(
            simulator.world.replicas, ("web*1", "WEB", "web01", "a web", "100%_x", "100xyx"), strict=True
        ):
            replica["name"] = name
        yield Caller(simulator).signed_in()


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("web", ["WEB"]),
        ("web*", ["web*1", "WEB", "web01"]),
        ("*web", ["WEB", "a web"]),
        ("*eb*", ["web*1", "WEB", "web01", "a web"]),
        ("*", ["web*1", "WEB", "web01", "a web", "100%_x", "100xyx"]),
        ("web*1", ["web*1"]),
        ("100%_x", ["100%_x"]),
        ("*%_*", ["100%_x"]),
        ("nothing", []),
    ],
)
def test_a_name_filter_is_exact_but_for_stars_at_its_ends(pattern: str, names: list[str], odd: Caller):
    assert [one["name"] for one in odd.all(REPLICAS, nameFilter=pattern)] == names


@pytest.mark.parametrize("key", ["id", "jobId", "platformName", "type", "state", "creationTime", "policyUniqueId"])
def test_a_name_filter_looks_at_any_parameter(key: str, caller: Caller):
    everything = caller.all(REPLICAS)
    value = everything[0][key]

    found = caller.all(REPLICAS, nameFilter=value)

    assert ids(found) == [one["id"] for one in everything if value in one.values()]


@pytest.mark.parametrize(
    ("parameter", "key"),
    [("stateFilter", "state"), ("jobIdFilter", "jobId"), ("platformIdFilter", "platformId")],
)
def test_replicas_are_filtered_by_a_value(parameter: str, key: str, caller: Caller):
    everything = caller.all(REPLICAS)

    for value in {one[key] for one in everything if key in one}:
        found = caller.all(REPLICAS, **{parameter: value.upper()})
        assert ids(found) == [one["id"] for one in everything if one.get(key) == value]


def test_a_state_that_there_is_not_matches_nothing(caller: Caller):
    assert caller.all(REPLICAS, stateFilter="Gone") == []


@pytest.mark.parametrize("path", [REPLICAS, POINTS])
def test_both_ends_of_a_span_of_time_count(path: str, caller: Caller):
    times = sorted((one["creationTime"] for one in caller.all(path) if "creationTime" in one), key=when)
    first, last = times[2], times[-3]

    found = caller.all(path, createdAfterFilter=first, createdBeforeFilter=last)

    assert sorted((one["creationTime"] for one in found), key=when) == times[2:-2]


@pytest.mark.parametrize("spelling", ["{:%Y-%m-%dT%H:%M:%S}Z", "{:%Y-%m-%dT%H:%M:%S.%f}0+00:00", "{:%Y-%m-%dT%H:%M}Z"])
def test_times_are_taken_in_several_spellings(spelling: str, caller: Caller, world_of_all: Simulator):
    moment = datetime.now().astimezone() - timedelta(days=2)
    text = spelling.format(moment.astimezone(when("2026-01-01T00:00:00+00:00").tzinfo))
    expected = [one["id"] for one in caller.all(POINTS) if when(one["creationTime"]) >= when(text.replace("0+", "+"))]

    assert sorted(ids(caller.all(POINTS, createdAfterFilter=text))) == sorted(expected)


def test_a_plus_that_was_not_encoded_is_no_time(caller: Caller):
    url = f"{caller.simulator.url}{POINTS}?createdAfterFilter=2026-01-01T00:00:00+02:00"

    assert caller.session.get(url, timeout=20).status_code == 400


ORDERS = [
    (REPLICAS, column, key)
    for column, key in (
        ("Name", "name"),
        ("CreationTime", "creationTime"),
        ("PlatformId", "platformId"),
        ("JobId", "jobId"),
        ("PolicyTag", "policyUniqueId"),
        ("State", "state"),
    )
] + [
    (POINTS, column, key)
    for column, key in (
        ("CreationTime", "creationTime"),
        ("PlatformId", "platformId"),
        ("ReplicaId", "replicaId"),
        ("Name", "name"),
    )
]


@pytest.mark.parametrize(("path", "column", "key"), ORDERS)
def test_a_list_is_ordered_by_a_column_both_ways(path: str, column: str, key: str, caller: Caller):
    def sortable(record: dict[str, Any]) -> tuple[bool, Any]:
        value = record.get(key)
        return value is None, when(value) if value and key == "creationTime" else (value or "").casefold()

    up = caller.all(path, orderColumn=column)
    down = caller.all(path, orderColumn=column.lower(), orderAsc="false")

    assert [sortable(one) for one in up] == sorted(sortable(one) for one in up)
    assert [sortable(one) for one in down] == sorted((sortable(one) for one in down), reverse=True)
    assert sorted(ids(up)) == sorted(ids(down))


@pytest.mark.parametrize("path", [REPLICAS, POINTS, "/api/v1/sessions", "/api/v1/jobs/states", "/api/v1/taskSessions"])
def test_pages_of_any_size_show_each_record_once(path: str, caller: Caller):
    everything = ids(caller.all(path, orderColumn="Name"))
    seen: list[str] = []
    while answer := caller.get(path, orderColumn="Name", skip=len(seen), limit=37).json()["data"]:
        seen += ids(answer)

    assert seen == everything


def test_a_page_says_what_it_is_of(caller: Caller):
    answer = caller.get(POINTS, skip=400, limit=100).json()

    assert answer["pagination"] == {"total": 456, "count": 56, "skip": 400, "limit": 100}
    assert len(answer["data"]) == 56


def test_without_a_limit_a_page_ends_at_two_hundred(caller: Caller):
    assert caller.get(POINTS).json()["pagination"] == {"total": 456, "count": 200, "skip": 0, "limit": 200}


def test_a_page_past_the_end_is_empty(caller: Caller):
    assert caller.get(POINTS, skip=456).json()["pagination"]["count"] == 0


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": -1}, {"skip": -1}])
def test_paging_out_of_range_is_refused_by_the_newest_revision_only(query: dict[str, int], world_of_all: Simulator):
    newest, older = (Caller(world_of_all, revision).signed_in() for revision in (NEWEST, "1.3-rev1"))

    assert newest.get(POINTS, **query).status_code == 400
    assert older.get(POINTS, **query).json()["pagination"]["count"] == 200


def test_a_server_can_grant_shorter_pages_than_were_asked(ask: Ask):
    caller = ask(replicas=9, max_limit=5)

    assert caller.get(REPLICAS, limit=1000).json()["pagination"] == {"total": 9, "count": 5, "skip": 0, "limit": 5}


@pytest.mark.parametrize(
    "path", ["replicas/x", "replicas/x/replicaPoints", "replicaPoints/x", "sessions/x", "sessions/x/logs"]
)
def test_an_id_that_is_none_is_malformed(path: str, caller: Caller):
    answer = caller.get(f"/api/v1/{path}")

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "UnexpectedContent")


def test_ids_are_taken_in_capitals(caller: Caller):
    point = caller.all(POINTS)[0]

    assert caller.get(f"{POINTS}/{point['id'].upper()}").json() == point


def test_the_list_of_all_points_is_the_sum_of_the_lists_of_the_replicas(caller: Caller):
    everything = caller.all(POINTS)

    by_replica = [caller.all(f"{REPLICAS}/{one['id']}/replicaPoints") for one in caller.all(REPLICAS)]

    assert sorted(chain.from_iterable(map(ids, by_replica))) == sorted(ids(everything))
    assert {len(points) for points in by_replica} == {0, 24}


def test_a_point_belongs_to_its_replica_alone(caller: Caller):
    point = caller.all(POINTS)[0]
    other = next(one["id"] for one in caller.all(REPLICAS) if one["id"] != point["replicaId"])

    own = caller.get(f"{REPLICAS}/{point['replicaId']}/replicaPoints/{point['id']}")
    foreign = caller.get(f"{REPLICAS}/{other}/replicaPoints/{point['id']}")

    assert own.json() == point
    assert (foreign.status_code, foreign.json()["resourceId"]) == (404, point["id"])


def test_the_list_of_one_replica_has_no_filter_by_malware_status(caller: Caller):
    replica = caller.all(POINTS, malwareStatusFilter="Infected")[0]["replicaId"]
    path = f"{REPLICAS}/{replica}/replicaPoints"

    assert caller.all(path, malwareStatusFilter="Infected") == caller.all(path)


def test_an_old_server_has_no_list_of_all_points(ask: Ask):
    caller = ask(bulk_points=False)
    replica = caller.all(REPLICAS)[0]["id"]

    assert caller.get(POINTS).status_code == 404
    assert len(caller.all(f"{REPLICAS}/{replica}/replicaPoints")) == 6


QUERIES = [
    {"nameFilter": "*0*"},
    {"nameFilter": "VMware"},
    {"nameFilter": "*Failover"},
    {"nameFilter": "Infected"},
    {"platformNameFilter": "hyperv"},
    {"platformIdFilter": "00000000-0000-0000-0000-000000000000", "orderColumn": "Name"},
    {"malwareStatusFilter": "Suspicious", "orderColumn": "CreationTime", "orderAsc": "false"},
    {"malwareStatusFilter": "Clean", "platformNameFilter": "VMware"},
    {"orderColumn": "CreationTime"},
    {"orderColumn": "ReplicaId", "orderAsc": "false"},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
@pytest.mark.parametrize("days", [None, 1, 6])
def test_a_world_that_is_worked_out_answers_as_one_that_is_written_down(days: int | None, query: dict, caller: Caller):
    query = query | (
        {"createdAfterFilter": (datetime.now().astimezone() - timedelta(days=days)).isoformat()} if days else {}
    )
    with Simulator(replicas=20, vms=2, points=12, tls=False, now=None) as simulator:
        worked_out = Caller(simulator).signed_in()
        expected = worked_out.all(POINTS, **query)

        written_down = simulator.world.points
        found = worked_out.all(POINTS, **query)

    assert len(written_down) == 456
    assert sorted(ids(found)) == sorted(ids(expected))
    if query.get("orderColumn") == "CreationTime":
        assert ids(found) == ids(expected)


def test_a_named_replica_narrows_the_list_of_all_points(caller: Caller):
    replica = caller.all(REPLICAS)[3]["id"]

    found = caller.all(POINTS, replicaIdFilter=replica, orderColumn="CreationTime")

    assert ids(found) == ids(caller.all(f"{REPLICAS}/{replica}/replicaPoints", orderColumn="CreationTime"))
    assert caller.all(f"{REPLICAS}/{replica}/replicaPoints", replicaIdFilter=caller.all(REPLICAS)[0]["id"]) == []
