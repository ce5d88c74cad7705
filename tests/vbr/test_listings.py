"""Listings from servers that cap, shift and break them."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from replicas_app.vbr import Malformed, Rejected
from tests.vbr.conftest import asked, records

POINTS = "/api/v1/replicaPoints$"
ZERO = "00000000-0000-0000-0000-000000000000"


def test_a_cap_below_the_asked_page_loses_nothing(client, simulator):
    everything = records(client.points())
    simulator.manners.max_limit = 7

    pages = list(client.points())

    assert records(pages) == everything
    assert [page.received for page in pages][:-1] == [7] * (len(pages) - 1)
    assert {page.total for page in pages} == {len(everything)}
    assert [page.skip for page in pages] == list(range(0, len(everything), 7))


def test_a_cap_that_shifts_between_pages_loses_nothing(client, simulator):
    everything = records(client.points())
    for when, limit in (("1", 10), ("2", 3), ("3", 1), ("4-", 8)):
        simulator.faults.add({"path": POINTS, "when": when, "action": "cap", "limit": limit})

    assert records(client.points()) == everything


def test_the_largest_page_is_asked_for_in_a_fixed_order(client, simulator):
    records(client.points())

    [request] = asked(simulator, "/api/v1/replicaPoints")
    assert (request.query["limit"], request.query["orderColumn"]) == (["1000"], ["CreationTime"])


def test_a_server_that_refuses_a_large_page_is_asked_for_the_documented_one(client, simulator):
    body = {"errorCode": "UnexpectedContent", "message": "limit must be between 1 and 500"}
    simulator.faults.add({"path": POINTS, "when": "1", "status": 400, "body": body})

    assert records(client.points())
    assert [one.query["limit"] for one in asked(simulator, "/api/v1/replicaPoints")] == [["1000"], ["200"]]


def test_a_server_that_refuses_the_documented_page_too_has_another_reason(client, simulator):
    simulator.faults.add({"path": POINTS, "status": 400, "body": {"message": "bad filter"}})

    with pytest.raises(Rejected) as error:
        records(client.points())

    assert error.value.detail == "bad filter"
    assert len(asked(simulator, "/api/v1/replicaPoints")) == 2


@pytest.mark.parametrize("total", [None, "many", -1, 2.5])
def test_without_a_usable_total_an_empty_page_is_the_end(client, simulator, total):
    everything = records(client.points())
    simulator.faults.add({"path": POINTS, "action": "set", "at": "pagination.total", "value": total})

    pages = list(client.points(page_size=10))

    assert records(pages) == everything
    assert (pages[-1].received, pages[-1].total) == (0, None)


def test_an_empty_page_does_not_take_back_the_total_of_those_before(client, simulator):
    simulator.faults.add({"path": POINTS, "action": "set", "at": "pagination.total", "value": 999})
    simulator.faults.add({"path": POINTS, "query": "skip=[1-9]", "status": 200, "body": {"data": [], "pagination": {
        "total": 0}}})  # fmt: skip

    assert [page.total for page in client.points()] == [999, 999]


def test_a_total_that_is_too_large_ends_at_the_empty_page(client, simulator):
    everything = records(client.points())
    simulator.faults.add({"path": POINTS, "action": "set", "at": "pagination.total", "value": 10**9})

    assert records(client.points()) == everything


@pytest.mark.parametrize(("total", "cap"), [(1, 50), (20, 10), (21, 10), (8, 4)])
def test_a_total_that_is_too_small_leaves_nothing_out(client, simulator, total, cap):
    """Of pages that are as long as pages are, none is taken for the last one by its total alone."""
    everything = records(client.points())
    simulator.manners.max_limit = cap
    simulator.faults.add({"path": POINTS, "action": "set", "at": "pagination.total", "value": total})

    assert records(client.points()) == everything


def test_a_listing_that_ends_as_announced_takes_no_request_more(client, simulator):
    simulator.manners.max_limit = 7

    pages = list(client.points())

    assert len(pages) == len(asked(simulator, "/api/v1/replicaPoints")) == -(-pages[0].total // 7)


def test_a_server_that_ignores_skip_is_not_read_for_ever(client, simulator):
    simulator.faults.add({"path": POINTS, "action": "set", "at": "pagination.total", "value": 10**9})
    [page, *_] = list(client.points())
    simulator.faults.add(
        {"path": POINTS, "status": 200, "body": {"data": [{"id": page.records[0].id}], "pagination": {}}}
    )

    with pytest.raises(Malformed) as error:
        list(client.points())

    assert "again and again" in error.value.sentence


def test_a_list_of_forty_thousand_sessions_is_asked_for_as_far_as_somebody_reads(client, simulator):
    """And narrowed by the server: which types, since when."""
    row = {"id": ZERO, "name": "x", "sessionType": "ConfigurationResynchronize", "state": "Stopped"}
    for page in range(9):
        rows = [row | {"id": f"00000000-0000-4000-8000-{page:06}{number:06}"} for number in range(200)]
        body = {"data": rows, "pagination": {"total": 40_000, "count": 200, "skip": page * 200, "limit": 200}}
        simulator.faults.add({"path": "/api/v1/sessions$", "query": f"skip={page * 200}&", "status": 200, "body": body})
    since = datetime(2026, 11, 25, 10, tzinfo=UTC)

    pages = list(islice(client.sessions(types=["ConfigurationResynchronize"], created_after=since), 3))

    assert [page.skip for page in pages] == [0, 200, 400]
    assert {page.total for page in pages} == {40_000}
    queries = [one.query for one in asked(simulator, "/api/v1/sessions")]
    assert len(queries) == 3
    assert {query["typeFilter"][0] for query in queries} == {"ConfigurationResynchronize"}
    assert {query["createdAfterFilter"][0] for query in queries} == {"2026-11-25T10:00:00.000000Z"}


def test_an_empty_listing_is_one_empty_page(client):
    [page] = client.points(name="no such vm")

    assert (page.records, page.broken, page.received, page.total) == ([], [], 0, 0)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("id", None, "id is missing"),
        ("id", "nonsense", "id is no UUID (nonsense)"),
        ("id", "d27bffc9x4c4d-47f2-b0a7-738e4532baa4", "id is no UUID (d27bffc9x4c4d-47f2-b0a7-738e4532baa4)"),
        ("id", "d27bffc9-4c4d-47f2-b0a7-738e4532baa", "id is no UUID (d27bffc9-4c4d-47f2-b0a7-738e4532baa)"),
        ("id", 17, "id has the wrong type (int)"),
        ("name", None, "name is missing"),
        ("name", "  ", "name is empty"),
        ("name", ["x"], "name has the wrong type (list)"),
        ("name", "x" * 501, "name is longer than 500 characters"),
        ("state", "ß" * 501, "state is longer than 500 characters"),
        ("replicaId", None, "replicaId is missing"),
        ("creationTime", None, "creationTime is missing"),
        ("creationTime", "yesterday", "creationTime is no time (yesterday)"),
        ("creationTime", "1900-01-01T00:00:00", "creationTime is a placeholder (1900-01-01T00:00:00)"),
        ("creationTime", 1700000000, "creationTime has the wrong type (int)"),
        ("state", 5, "state has the wrong type (int)"),
        ("malwareStatus", {}, "malwareStatus has the wrong type (dict)"),
        ("allowedOperations", "StartFlrRestore", "allowedOperations has the wrong type (str)"),
        ("allowedOperations", ["x", None], "allowedOperations holds something that is no text"),
    ],
)
def test_a_broken_record_is_set_aside_with_its_reason_and_the_page_goes_on(client, simulator, key, value, reason):
    everything = records(client.points())
    simulator.faults.add({"path": POINTS, "action": "set", "key": key, "index": 3, "value": value})

    [page] = client.points()

    assert page.records == everything[:3] + everything[4:]
    assert [broken.reason for broken in page.broken] == [reason]
    assert page.broken[0].id == (everything[3].id if key != "id" else value if isinstance(value, str) else "")
    assert page.received == page.total == len(everything)


@pytest.mark.parametrize("row", [None, "x", 5, [], {}])
def test_a_row_that_is_no_record_is_set_aside(client, simulator, row):
    simulator.faults.add({"path": POINTS, "action": "set", "at": "data.0", "value": row})

    [page] = client.points()

    assert len(page.broken) == 1
    assert len(page.records) == page.received - 1


@pytest.mark.parametrize(
    ("key", "value", "field", "taken"),
    [
        ("state", "HyperVReplica", "state", "HyperVReplica"),
        ("state", None, "state", ""),
        ("state", "readyToSwitch", "state", "ReadyToSwitch"),
        ("malwareStatus", "NotScanned", "malware_status", "NotScanned"),
        ("malwareStatus", "INFECTED", "malware_status", "Infected"),
        ("malwareStatus", None, "malware_status", ""),
        ("platformName", "Proxmox9", "platform", "Proxmox9"),
        ("platformId", None, "platform_id", ""),
        ("platformId", "no uuid at all", "platform_id", "no uuid at all"),
        ("allowedOperations", None, "allowed_operations", ()),
        ("allowedOperations", ["Fly"], "allowed_operations", ("Fly",)),
        ("id", "{D27BFFC9-4C4D-47F2-B0A7-738E4532BAA4}", "id", "d27bffc9-4c4d-47f2-b0a7-738e4532baa4"),
        ("unheardOf", {"a": 1}, "broken", None),
    ],
)
def test_what_does_not_identify_a_thing_is_taken_as_it_comes(client, simulator, key, value, field, taken):
    simulator.faults.add({"path": POINTS, "action": "set", "key": key, "index": 0, "value": value})

    [page] = client.points()

    assert page.broken == []
    assert getattr(page.records[0], field, None) == taken


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("web\ud83d", "web\ufffd"),
        ("\udc00web", "\ufffdweb"),
        ("a\x00b", "a\ufffdb"),
        ("\U0001f600", "\U0001f600"),
        ("C:\\temp\\new", "C:\\temp\\new"),
        ("C:\\u0000", "C:\\u0000"),
        ("\\.", "\\."),
        ("\\N", "\\N"),
        ("a\tb", "a\tb"),
        ("a\nb\r\nc", "a\nb\r\nc"),
    ],
)
def test_a_bad_character_costs_a_character_and_no_other_text_is_touched(client, simulator, sent, read):
    everything = records(client.points())
    simulator.faults.add({"path": POINTS, "action": "set", "key": "name", "index": 0, "value": sent})

    [page] = client.points()

    assert page.records[0].name == read
    assert page.records[1:] == everything[1:]


def test_times_of_all_spellings_are_in_order_and_naive_ones_are_counted(client, simulator):
    spellings = [
        "2025-03-04T05:06:07.1Z",
        "2025-03-03T22:06:07.91835-07:00",
        "2025-03-04T05:06:08",
        "2025-03-04T07:06:09+02:00",
    ]
    for index, spelling in enumerate(spellings):
        simulator.faults.add(
            {"path": POINTS, "action": "set", "key": "creationTime", "index": index, "value": spelling}
        )

    [page] = client.points()

    times = [record.created_at for record in page.records[:4]]
    assert times == sorted(times)
    assert page.naive_times == 1
    assert {time.utcoffset().total_seconds() for time in times} == {0}


def test_a_cdp_replica_has_neither_state_nor_creation_time(client, simulator):
    simulator.faults.add({"path": "/api/v1/replicas$", "action": "set", "key": "type", "index": 0, "value": "cdp"})
    for key in ("state", "creationTime"):
        simulator.faults.add({"path": "/api/v1/replicas$", "action": "remove", "key": key, "index": 0})

    [page] = client.replicas()

    assert page.broken == []
    assert (page.records[0].is_cdp, page.records[0].state, page.records[0].created_at) == (True, "", None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"state": "Working", "endTime": "1900-01-01T00:00:00", "progressPercent": 40}, (False, None, 40)),
        ({"state": "Working", "endTime": "2025-01-01T00:00:00Z", "progressPercent": 140}, (False, "set", 100)),
        ({"state": "stopped", "endTime": "1900-01-01T00:00:00", "progressPercent": None}, (True, None, None)),
        ({"state": "ActionRequired", "result": None, "progressPercent": 7.0}, (False, None, 7)),
    ],
)
def test_a_session_is_ended_when_it_is_stopped_and_not_by_its_end_time(client, simulator, values, expected):
    session = client.rescan([records(client.replicas())[0].id])
    simulator.faults.add({"path": "/api/v1/sessions/[^/]+$", "action": "set", "values": values})

    read = client.session(session.id)

    assert (read.is_ended, read.ended_at and "set", read.progress) == expected


def test_one_record_that_cannot_be_used_is_a_malformed_answer(client, simulator):
    [replica, *_] = records(client.replicas())
    simulator.faults.add({"path": f"{replica.id}$", "action": "remove", "key": "id"})

    with pytest.raises(Malformed) as error:
        client.replica(replica.id)

    assert (error.value.cause, error.value.detail) == ("answer", "id is missing")
