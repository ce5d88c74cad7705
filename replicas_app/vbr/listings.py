"""Listings, page by page, from servers that cap, shift and sometimes break them.

`skip` advances by the rows that came, whatever was asked for: a server that gives less than `limit` loses nothing. The
end is an empty page, or having had as many as `total` says; where the page that gets there is as long as pages are, or
leads past it, the total may be too small, and one more look settles that. Whether the listing was complete is the
caller's judgement: rows move between pages while one pages, so count the distinct ids and compare.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

from replicas_app.vbr.answers import Answer
from replicas_app.vbr.errors import Malformed, VbrError
from replicas_app.vbr.pace import Pace
from replicas_app.vbr.rows import Rows, count_in, list_in, rows_of
from replicas_app.vbr.times import Clock

Record = TypeVar("Record")
FromJson = Callable[[dict, Clock], Record]
AllFromJson = Callable[[bytes, Clock], list[Record] | None]
"""Rows of a page, as a JSON array → their records; None where one of them needs a closer look."""
Fetch = Callable[[int, int], Answer]
"""(skip, limit) → the answer with that page."""
Known = Callable[[int, bytes], bool]
"""(skip, digest) → whether what stands on that page is known already."""

PAGE_SIZE = 1000
"""For lists that are not read to their end or are short: see `pace` for the others."""

_MOST_REPEATS = 3
"""A row that moves between pages of one may show the same page twice; a server that ignores `skip` does for ever."""
_MOST_BEYOND = 100_000
"""So many rows more than twice as many as a total says may come: it may be too small, but not that much."""


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
    """Rows of the whole listing as this page says; None where it does not. An empty one behind others knows no better
    than they did."""
    skip: int
    """Rows before this page."""
    naive_times: int
    """How many times came without a zone and were taken as UTC."""
    digest: bytes = b""
    """See `Rows.digest`."""
    is_known: bool = False
    """The caller knows this page by its digest: no record was made of it."""


def pages(
    fetch: Fetch,
    from_json: FromJson[Record],
    *,
    pace: Pace,
    known: Known | None = None,
    all_from_json: AllFromJson[Record] | None = None,
    skip: int = 0,
    first: int | None = None,
) -> Iterator[Page[Record]]:
    """All pages from `skip` on. Raises VbrError; what was yielded before that stands.

    `all_from_json`: a quicker way to the same records, for pages on which nothing is odd. `first`: the size of the
    first page, where that is not for the pace to say.
    """
    limit, last, total, turns = first or pace.first, 0, None, _Turns()
    while True:
        answer, limit = _granted(fetch, skip, limit, pace)
        rows = rows_of(answer)
        page = _page_of(rows, from_json, all_from_json, skip, known)
        if turns.any and not page.received:
            page = replace(page, total=total)
        turns.insist_on_another(rows, skip)
        received, total = page.received, page.total
        skip += received
        is_over = not received or (total is not None and skip >= total)
        may_go_on = received >= limit or received == last or (total is not None and skip > total)
        limit = pace.following(limit, received, answer.round_trip_seconds, is_cut=received < limit and not is_over)
        del answer, rows  # a page is large: it is held by whoever asked for it, and by nobody else
        yield page
        del page
        if is_over and not (received and may_go_on):
            return
        last = received


class _Turns:
    """The pages that came so far. Raises Malformed where it seems that they would come for ever."""

    def __init__(self) -> None:
        self._before: tuple | None = None
        self._repeats = 0
        self._came: Counter[bytes] = Counter()

    @property
    def any(self) -> bool:
        return self._before is not None

    def insist_on_another(self, rows: Rows, skip: int) -> None:
        """A page that neither is the one before nor came often already, and lies where the list can still go on."""
        mark = (rows.count, rows.ends)
        self._repeats = self._repeats + 1 if mark == self._before else 0
        self._came[rows.digest] += bool(rows.count)
        if _MOST_REPEATS in (self._repeats, self._came[rows.digest] - 1):
            raise Malformed("answer", "the same page comes again and again", status=200)
        if rows.total is not None and skip + rows.count > 2 * rows.total + _MOST_BEYOND:
            raise Malformed("answer", f"{rows.total:,} rows were announced, and there is no end of them", status=200)
        self._before = mark


def _granted(fetch: Fetch, skip: int, limit: int, pace: Pace) -> tuple[Answer, int]:
    """The page, and the limit with which it came."""
    while True:
        try:
            return fetch(skip, limit), limit
        except VbrError as error:
            limit = pace.smaller(limit, error)


def _page_of(
    rows: Rows,
    from_json: FromJson[Record],
    all_from_json: AllFromJson[Record] | None,
    skip: int,
    known: Known | None,
) -> Page[Record]:
    if known is not None and known(skip, rows.digest):
        return Page([], [], rows.count, rows.total, skip, 0, rows.digest, True)
    if all_from_json and (records := _all_records(rows, all_from_json, clock := Clock())):
        return Page(records, [], rows.count, rows.total, skip, clock.naive, rows.digest)
    return page_of(rows.as_data(), from_json, total=rows.total, skip=skip, digest=rows.digest)


def _all_records(rows: Rows, all_from_json: AllFromJson[Record], clock: Clock) -> list[Record]:
    """Empty where one of them needs a closer look."""
    records: list[Record] = []
    for text in rows.slices():
        if (some := all_from_json(text, clock)) is None:
            return []
        records += some
    return records


def log_page(data: Any, from_json: FromJson[Record]) -> Page[Record]:
    """The records of a session's log, which come all at once and under other names."""
    rows = list_in(data, "records")
    return page_of(rows, from_json, total=count_in(data.get("totalRecords")), skip=0)


def page_of(
    rows: list, from_json: FromJson[Record], *, total: int | None, skip: int, digest: bytes = b""
) -> Page[Record]:
    """The rows as records; each that cannot be one is set aside with its reason."""
    clock, records, broken = Clock(), [], []
    for row in rows:
        try:
            records.append(record_of(row, from_json, clock))
        except ValueError as error:
            broken.append(Broken(_id_of(row), str(error)))
    return Page(records, broken, len(rows), total, skip, clock.naive, digest)


def record_of(row: object, from_json: FromJson[Record], clock: Clock) -> Record:
    """Raises ValueError, with the reason, for a row that cannot be one."""
    if type(row) is not dict:
        raise ValueError("it is no object")
    return from_json(row, clock)


def _id_of(row: object) -> str:
    id = row.get("id") if isinstance(row, dict) else None
    return id[:40] if isinstance(id, str) else ""
