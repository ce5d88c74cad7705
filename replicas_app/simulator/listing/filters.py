"""What a list filters by and sorts by: each list is described once, as data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..revisions import Record, Revision
from .parser import Parser, any_parameter, pattern

Test = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """One query parameter: `reads` makes a test of it."""

    name: str
    reads: Callable[[Parser, str], Test]
    since: int = 0
    until: int = 3

    def is_known(self, revision: Revision) -> bool:
        return self.since <= revision.place <= self.until


@dataclass(frozen=True, slots=True)
class Listing:
    """`columns`: order column -> what it sorts by, with the place of the revision that brought it."""

    filters: tuple[Filter, ...]
    columns: dict[str, tuple[Callable[[Parser, Record], Any], int]]

    def tests(self, parser: Parser) -> list[Test]:
        return [
            filter.reads(parser, filter.name)
            for filter in self.filters
            if filter.is_known(parser.revision) and parser.has(filter.name)
        ]

    def order(self, parser: Parser) -> tuple[str, bool]:
        """Column ("" for none) and whether it descends; ascending is the default."""
        known = [name for name, (_, since) in self.columns.items() if since <= parser.revision.place]
        column = parser.word("orderColumn", known) if parser.has("orderColumn") else ""
        ascending = parser.boolean("orderAsc") if parser.has("orderAsc") else True
        return column, not ascending

    def select(self, records: Sequence[Record], parser: Parser) -> list[Record]:
        tests = self.tests(parser)
        column, descending = self.order(parser)
        found = [record for record in records if all(test(record) for test in tests)]
        if column:
            key = self.columns[column][0]
            found.sort(key=lambda record: _sortable(key(parser, record)), reverse=descending)
        return found


def _sortable(value: Any) -> tuple[bool, Any]:
    """What is absent sorts last when ascending; texts sort without case; nothing breaks on a wrong type."""
    if isinstance(value, bool | int | float):
        return False, (0, value, "")
    return value is None, (1, 0, str(value).casefold())


def name_test(parser: Parser, name: str) -> Test:
    fits = pattern(parser.text(name))
    return lambda record: any_parameter(record, fits)


def equal(key: str) -> Callable[[Parser, str], Test]:
    """A free text, in any case."""

    def reads(parser: Parser, name: str) -> Test:
        wanted = parser.text(name).casefold()
        return lambda record: str(dig(record, key) or "").casefold() == wanted

    return reads


def same_id(key: str) -> Callable[[Parser, str], Test]:
    def reads(parser: Parser, name: str) -> Test:
        wanted = parser.uuid(name)
        return lambda record: str(dig(record, key) or "").lower() == wanted

    return reads


def is_word(key: str, table: dict[str, int]) -> Callable[[Parser, str], Test]:
    """One word of an enum; `key` may lead into a nested object by a dot."""

    def reads(parser: Parser, name: str) -> Test:
        wanted = parser.word(name, parser.revision.known(table))
        return lambda record: dig(record, key) == wanted

    return reads


def any_word(key: str, table: dict[str, int]) -> Callable[[Parser, str], Test]:
    """Several words of an enum; the oldest revision takes one only."""

    def reads(parser: Parser, name: str) -> Test:
        known = parser.revision.known(table)
        wanted = parser.words(name, known) if parser.revision.place else [parser.word(name, known)]
        return lambda record: dig(record, key) in wanted

    return reads


def at_least(key: str) -> Callable[[Parser, str], Test]:
    """Not before a moment; what has none does not match."""

    def reads(parser: Parser, name: str) -> Test:
        wanted = parser.moment(name)
        return lambda record: (moment := _moment(parser, record.get(key))) is not None and moment >= wanted

    return reads


def at_most(key: str) -> Callable[[Parser, str], Test]:
    def reads(parser: Parser, name: str) -> Test:
        wanted = parser.moment(name)
        return lambda record: (moment := _moment(parser, record.get(key))) is not None and moment <= wanted

    return reads


def is_true(key: str) -> Callable[[Parser, str], Test]:
    def reads(parser: Parser, name: str) -> Test:
        wanted = parser.boolean(name)
        return lambda record: record.get(key, False) is wanted

    return reads


def is_number(key: str) -> Callable[[Parser, str], Test]:
    def reads(parser: Parser, name: str) -> Test:
        wanted = parser.number(name)
        return lambda record: record.get(key) == wanted

    return reads


def dig(record: Any, path: str) -> Any:
    for key in path.split("."):
        record = record.get(key) if isinstance(record, dict) else None
    return record


def _moment(parser: Parser, value: Any) -> int | None:
    try:
        return parser.clock.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def by(key: str, since: int = 0) -> tuple[Callable[[Parser, Record], Any], int]:
    """Sorts by a key, since a revision."""
    return lambda parser, record: dig(record, key), since


def by_moment(key: str) -> tuple[Callable[[Parser, Record], Any], int]:
    """Sorts by a time, whatever its spelling."""
    return lambda parser, record: _moment(parser, record.get(key)), 0
