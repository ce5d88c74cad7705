"""One page of a list: which rows, and what stands before and after them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from replicas_app.filters.memory import Memory
from replicas_app.filters.owners import Owners
from replicas_app.filters.stretches import Stretches

LinesOf = Callable[[Sequence[int]], Iterable[Any]]
PER_PAGE = 50
SIZES = (25, 50, 100, 250)
FURTHEST = 2**31
"""A page that begins beyond this many rows is past the end of every list: nobody counts that far."""
BLOCK = 1_000
"""Far down a list the keys are read and remembered so many at a time: the way there costs more than they do."""
ShorterWay = Owners | Stretches
"""`leads_to` says whether a page is looked for by it; `keys` gives its keys, or None where it was not found so."""


@dataclass(frozen=True)
class Keys:
    """The primary keys of a list in its order. They come from an index alone, where one has that order."""

    rows: Callable[[], QuerySet]
    """The list, sorted."""
    total: int | None
    """None while nobody has counted."""
    memory: Memory
    order: str
    """What else these keys hang on, besides the memory's own identity."""
    way: ShorterWay | None = None
    """Where there is one than through the list."""

    def between(self, start: int, stop: int) -> list[int]:
        if start < BLOCK:
            return self.memory.remembered(f"keys {start} {stop} {self.order}", lambda: self._read(start, stop))
        first = start // BLOCK * BLOCK
        blocks = {begin: self.memory.recall(self._name(begin)) for begin in range(first, stop, BLOCK)}
        if missing := [begin for begin, keys in blocks.items() if keys is None]:
            blocks |= self._read_blocks(missing[0], missing[-1] + BLOCK)
        return list(chain(*blocks.values()))[start - first : stop - first]

    def _read_blocks(self, start: int, stop: int) -> dict[int, list[int]]:
        """All at once: the way there is the same for all."""
        keys = self._read(start, stop)
        blocks = {begin: keys[begin - start :][:BLOCK] for begin in range(start, stop, BLOCK)}
        return {begin: self.memory.keep(self._name(begin), block) for begin, block in blocks.items()}

    def _name(self, begin: int) -> str:
        return f"keys {begin} {begin + BLOCK} {self.order}"

    def _read(self, start: int, stop: int) -> list[int]:
        """Beyond the middle of the list the way from its end is shorter than the one from its beginning."""
        if self.way and self.way.leads_to(start, self.total):
            keys = self.way.keys(self.rows(), start, stop)
            if keys is not None:
                return keys
        keys = self.rows().values_list("pk", flat=True)
        if self.total is None or start <= self.total // 2:
            return list(keys[start:stop])
        return list(keys.reverse()[max(0, self.total - stop) : max(0, self.total - start)])[::-1]


@dataclass(frozen=True)
class Page:
    """The rows of one page. A page past the end, and one without a number, have none: they do not become another."""

    keys: Keys
    number: int | None
    """From 1; None when the query string names something that is no page."""
    size: int
    total: int | None
    """None while nobody has counted."""
    lines: LinesOf | None = None
    """What is shown of the rows with these keys, in any order; the rows themselves where it is None."""

    @classmethod
    def of(cls, rows: QuerySet, number: int | None, size: int, total: int | None) -> "Page":
        """Of sorted rows that are remembered nowhere."""
        return cls(Keys(lambda: rows, total, Memory(""), ""), number, size, total)

    @cached_property
    def rows(self) -> list:
        """The rows, read by their keys: the keys of a page come from an index alone, however far down it lies."""
        keys = self._keys[: self.size]
        lines = self.lines or self._whole_rows
        held = {line.pk: line for line in lines(keys)} if keys else {}
        return [held[key] for key in keys if key in held]

    @property
    def first(self) -> int:
        return self._offset + 1 if self._keys else 0

    @property
    def last(self) -> int:
        return self._offset + len(self._keys[: self.size]) if self._keys else 0

    @property
    def has_next(self) -> bool:
        return len(self._keys) > self.size

    @property
    def is_past_the_end(self) -> bool:
        return not self._keys and (self.number or 1) > 1

    @property
    def last_number(self) -> int | None:
        """The last page that has rows; None while nobody has counted."""
        return None if self.total is None else max(1, -(-self.total // self.size))

    def _whole_rows(self, keys: Sequence[int]) -> QuerySet:
        return self.keys.rows().order_by().filter(pk__in=keys)

    @property
    def _offset(self) -> int:
        return ((self.number or 1) - 1) * self.size

    @cached_property
    def _keys(self) -> list[int]:
        """The keys of the rows, and of one more if there is one."""
        start, stop = self._offset, self._offset + self.size + 1
        if self.number is None or start >= FURTHEST or (self.total is not None and start >= self.total):
            return []
        return self.keys.between(start, stop)
