"""Listings, page by page, from servers that cap, shift and sometimes break them.

`skip` advances by the rows that came, whatever was asked for: a server that gives less than `limit` loses nothing. The
end is an empty page, or having had as many as `total` says. Whether the listing was complete is the caller's judgement:
rows move between pages while one pages, so count the distinct ids and compare.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from replicas_app.vbr.errors import Malformed, Rejected
from replicas_app.vbr.times import Clock

Record = TypeVar("Record")
FromJson = Callable[[dict, Clock], Record]
Fetch = Callable[[int, int], Any]
"""(skip, limit) → the data of that page."""

PAGE_SIZE = 1000
SAFE_PAGE_SIZE = 200
"""The documented default of every server, asked for when a server refuses more; the largest is not documented."""

_MOST_REPEATS = 3
"""A row that moves between pages of one may show the same page twice; a server that ignores `skip` does for ever."""


class Broken(NamedTuple):
    """A record that was set aside."""

    id: str
    """As it came, cut to 40 letters; empty where it has none."""
    reason: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Record]):
    records: list[Record]
    broken: list[Broken]
    received: int
    """Rows on this page, broken ones included."""
    total: int | None
    """Rows of the whole listing as this page says; None where it does not."""
    skip: int
    """Rows before this page."""
    naive_times: int
    """How many times came without a zone and were taken as UTC."""


def pages(
    fetch: Fetch, from_json: FromJson[Record], *, skip: int = 0, page_size: int = PAGE_SIZE
) -> Iterator[Page[Record]]:
    """All pages from `skip` on. Raises VbrError; what was yielded before that stands."""
    before, repeats = None, 0
    while True:
        try:
            data = fetch(skip, page_size)
        except Rejected as error:
            if error.status != 400 or page_size <= SAFE_PAGE_SIZE:
                raise
            page_size = SAFE_PAGE_SIZE
            continue
        rows, total = _rows_of(data, "data"), _total_of(data)
        repeats = repeats + 1 if rows == before else 0
        if repeats == _MOST_REPEATS:
            raise Malformed("answer", "the same page comes again and again", status=200)
        page = page_of(rows, from_json, total=total, skip=skip)
        yield page
        skip += page.received
        if not rows or (total is not None and skip >= total):
            return
        before = rows


def log_page(data: Any, from_json: FromJson[Record]) -> Page[Record]:
    """The records of a session's log, which come all at once and under other names."""
    rows = _rows_of(data, "records")
    return page_of(rows, from_json, total=_count(data.get("totalRecords")), skip=0)


def page_of(rows: list, from_json: FromJson[Record], *, total: int | None, skip: int) -> Page[Record]:
    """The rows as records; each that cannot be one is set aside with its reason."""
    clock, records, broken = Clock(), [], []
    for row in rows:
        try:
            records.append(record_of(row, from_json, clock))
        except ValueError as error:
            broken.append(Broken(_id_of(row), str(error)))
    return Page(records, broken, len(rows), total, skip, clock.naive)


def record_of(row: object, from_json: FromJson[Record], clock: Clock) -> Record:
    """Raises ValueError, with the reason, for a row that cannot be one."""
    if type(row) is not dict:
        raise ValueError("it is no object")
    return from_json(row, clock)


def _rows_of(data: Any, key: str) -> list:
    rows = data.get(key) if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise Malformed("answer", f"a listing without its list “{key}”", status=200)
    return rows


def _total_of(data: dict) -> int | None:
    pagination = data.get("pagination")
    return _count(pagination.get("total")) if isinstance(pagination, dict) else None


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _id_of(row: object) -> str:
    id = row.get("id") if isinstance(row, dict) else None
    return id[:40] if isinstance(id, str) else ""
