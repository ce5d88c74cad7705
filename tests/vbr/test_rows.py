"""The quick way from a page's text to records gives what the careful one gives, or leaves the page to it."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicas_app.vbr.answers import Answer
from replicas_app.vbr.listings import page_of, pages
from replicas_app.vbr.pace import Pace
from replicas_app.vbr.records import PointRecord
from replicas_app.vbr.rows import SLICE
from replicas_app.vbr.times import Clock

USUAL = {
    "id": "d27bffc9-4c4d-47f2-b0a7-738e4532baa4",
    "name": "web01",
    "platformName": "VMware",
    "platformId": "00000000-0000-0000-0000-000000000000",
    "creationTime": "2025-03-04T05:06:07.123456Z",
    "replicaId": "d27bffc9-4c4d-47f2-b0a7-738e4532baa5",
    "state": "Ready",
    "malwareStatus": "Clean",
    "allowedOperations": ["StartFailover", "Delete"],
}
FOR_A_CLOSER_LOOK = [
    {"id": "{D27BFFC9-4C4D-47F2-B0A7-738E4532BAA4}"},
    {"id": USUAL["id"].upper()},
    {"id": USUAL["id"][:-1], "replicaId": "a" + USUAL["replicaId"]},
    {"id": None},
    {"name": ""},
    {"name": " \t"},
    {"name": 5},
    {"name": "x" * 501},
    {"malwareStatus": "x" * 501},
    {"name": "a\0b"},
    {"name": "\ud800"},
    {"creationTime": "1601-01-01T00:00:00Z"},
    {"creationTime": "yesterday"},
    {"creationTime": 12},
    {"platformName": False},
    {"state": 3},
    {"allowedOperations": [1]},
    {"allowedOperations": "StartFailover"},
]
JUST_AS_WELL = [
    {},
    {"state": None, "malwareStatus": None, "platformName": None, "platformId": None, "allowedOperations": None},
    {"state": "ready", "malwareStatus": "INFECTED"},
    {"state": "Flying", "malwareStatus": ""},
    {"creationTime": "2025-03-04T05:06:07.1234567+02:00"},
    {"creationTime": " 2025-03-04 05:06:07 utc"},
    {"creationTime": "2025-03-04T05:06:07"},
    {"allowedOperations": []},
    {"name": "🦄" * 500, "state": "x" * 500},
    {"name": " a\tb\n\\N “ü” 日本 🦄"},
    {"more": {"than": ["documented"]}},
]
MISSING = [{key: value for key, value in USUAL.items() if key != missing} for missing in USUAL]


def quickly(rows: list) -> tuple | None:
    clock = Clock()
    records = PointRecord.all_from_json(json.dumps(rows).encode(), clock)
    return None if records is None else (records, clock.naive)


def carefully(rows: list) -> tuple:
    page = page_of(rows, PointRecord.from_json, total=None, skip=0)
    assert page.broken == []
    return page.records, page.naive_times


@pytest.mark.parametrize("odd", JUST_AS_WELL)
def test_a_page_of_usual_rows_gives_the_same_records_as_row_by_row(odd):
    rows = [USUAL, USUAL | odd]

    assert quickly(rows) == carefully(rows)


@pytest.mark.parametrize("odd", FOR_A_CLOSER_LOOK)
def test_one_odd_row_leaves_the_whole_page_to_the_careful_way(odd):
    assert quickly([USUAL, USUAL | odd, USUAL]) is None


@pytest.mark.parametrize("place", [0, SLICE - 1, SLICE, 2 * SLICE])
def test_an_odd_row_anywhere_on_a_long_page_is_set_aside_and_no_other(place):
    rows = [USUAL | {"name": f"web{number}"} for number in range(2 * SLICE + 1)]
    rows[place] = USUAL | {"name": 5}

    [page] = listed(rows)

    assert [record.name for record in page.records] == [row["name"] for row in rows if row["name"] != 5]
    assert [broken.reason for broken in page.broken] == ["name has the wrong type (int)"]


def test_a_long_page_of_usual_rows_gives_all_of_them_in_their_order():
    rows = [USUAL | {"name": f"web{number}", "creationTime": "2025-03-04T05:06:07"} for number in range(2 * SLICE + 1)]

    [page] = listed(rows)

    assert page.records == carefully(rows)[0]
    assert page.naive_times == len(rows)


def listed(rows: list) -> list:
    body = json.dumps({"data": rows, "pagination": {"total": len(rows)}}).encode()
    answer = Answer(200, {}, body, datetime.now(UTC), 0.1)
    all_from_json = PointRecord.all_from_json
    return list(pages(lambda *_: answer, PointRecord.from_json, pace=Pace(), all_from_json=all_from_json, first=10_000))


@pytest.mark.parametrize("row", [None, "x", 5, [], {}])
def test_so_does_one_that_is_no_record(row):
    assert quickly([USUAL, row]) is None


@pytest.mark.parametrize("row", MISSING)
def test_what_is_missing_is_missed_on_both_ways_or_on_none(row):
    page = page_of([row], PointRecord.from_json, total=None, skip=0)

    assert quickly([row]) == (None if page.broken else (page.records, 0))


@pytest.mark.parametrize("text", [b"[{", b"[\xff]", b"", b"{}", b"[" * 100_000])
def test_what_is_no_list_of_rows_is_left_to_the_careful_way(text):
    assert PointRecord.all_from_json(text, Clock()) is None


@given(
    st.fixed_dictionaries(
        {},
        optional={
            key: st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=40), st.lists(st.text(max_size=5)))
            for key in USUAL
        }
        | {"creationTime": st.datetimes(timezones=st.timezones()).map(datetime.isoformat)}
        | {"id": st.uuids().map(str)},
    )
)
def test_whatever_stands_in_a_row_the_two_ways_never_differ(odd):
    row = USUAL | odd
    page = page_of([row], PointRecord.from_json, total=None, skip=0)

    found = quickly([row])

    assert found is None or found == (page.records, page.naive_times)


def test_times_are_read_as_moments_in_utc():
    records, _ = quickly([USUAL | {"creationTime": "2025-03-04T05:06:07+02:00"}])

    assert records[0].created_at == datetime(2025, 3, 4, 3, 6, 7, tzinfo=UTC)
