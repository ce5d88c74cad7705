"""Lists that are sorted by what nearly all rows have in common: their first pages are read stretch by stretch."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

LONG = 50_000
"""Fewer rows than these are sorted in no time."""
FIRST_ROWS = 1_000


@dataclass(frozen=True)
class Stretch:
    """Rows that stand beside each other in the list, and how they are sorted among themselves."""

    condition: Q
    columns: tuple[str, ...]

    def of(self, rows: QuerySet, *, is_descending: bool) -> QuerySet:
        order = [f"{'-' if is_descending else ''}{column}" for column in self.columns]
        return rows.filter(self.condition).order_by(*order).values_list("pk", flat=True)


@dataclass(frozen=True)
class Stretches:
    """All rows of a list, cut where an index ends and another begins: Postgres would sort a million rows for a page."""

    stretches: Sequence[Stretch]
    """In the order of the list, whichever its direction."""
    is_descending: bool

    def leads_to(self, start: int, total: int | None) -> bool:
        """Only to the first pages: what lies before a page has to be read. `total`: None where counting takes long."""
        return start < FIRST_ROWS and (total is None or total > LONG)

    def keys(self, rows: QuerySet, start: int, stop: int) -> list[int]:
        keys: list[int] = []
        for stretch in self.stretches:
            found = list(stretch.of(rows, is_descending=self.is_descending)[start:stop])
            keys += found
            passed = start + len(found) if found or not start else rows.filter(stretch.condition).count()
            start, stop = max(start - passed, 0), stop - passed
            if start >= stop:
                break
        return keys


def around(column: str, common: str, is_descending: bool) -> Stretches:
    """Of a column that nearly all rows have one value in, with an index of the rows that have another one; those
    without a value stand last in both directions.
    """
    rare = ~Q(**{f"{column}__in": ["", common]})
    below = Stretch(rare & Q(**{f"{column}__lt": common}), (column, "pk"))
    above = Stretch(rare & Q(**{f"{column}__gt": common}), (column, "pk"))
    middle, last = (Stretch(Q(**{column: value}), ("pk",)) for value in (common, ""))
    ordered = [above, middle, below] if is_descending else [below, middle, above]
    return Stretches([*ordered, last], is_descending)
