"""How many rows there are, in all and by the values of each facet: one query, whatever is chosen."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from time import monotonic

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import Count, QuerySet

from replicas_app.filters.vocabulary import Vocabulary

LONG_SECONDS = 0.1
KEPT_SECONDS = 600
LONG_COST = 15_000
"""What Postgres reckons for a count (in its own unit) from which the list does not wait for it."""


@dataclass(frozen=True)
class Choice:
    """One value of a facet."""

    value: str
    words: str
    count: int | None
    """None while it is not counted."""
    is_chosen: bool
    tone: str = ""


@dataclass(frozen=True)
class Facet:
    """One way to narrow a list by ticks: the choices, and what is wrong with what was asked for."""

    name: str
    legend: str
    choices: list[Choice]
    wrong: list[str] = field(default_factory=list)

    @property
    def is_worth_showing(self) -> bool:
        return len(self.choices) > 1 or any(choice.is_chosen for choice in self.choices) or bool(self.wrong)


class Counts:
    """The rows counted by every combination of the facets' columns.

    There are few combinations, however many rows there are. Each facet is counted from them without its own choice:
    what a list would show if one value alone were ticked there. What took long to count is kept for as long as the
    data stays what it is, by `version`.
    """

    def __init__(
        self,
        rows: QuerySet,
        columns: Mapping[str, str],
        chosen: Mapping[str, Collection[object]],
        version: str,
    ) -> None:
        """`rows`: narrowed by everything but the facets; `columns`: facet → its column; `chosen`: the values that are
        asked for, of the facets in which any is."""
        self._places = {name: place for place, name in enumerate(columns)}
        self._query = rows.order_by().values_list(*columns.values()).annotate(rows=Count("*"))
        self._chosen = chosen
        self._version = version

    @cached_property
    def would_take_long(self) -> bool:
        """Whether Postgres expects to need so long that the list should not wait for it."""
        if self._kept is not None:
            return False
        plan = self._query.explain(format="json")  # empty where Django knows that no row can match
        return bool(plan) and json.loads(plan)[0]["Plan"]["Total Cost"] > LONG_COST

    @property
    def total(self) -> int:
        return sum(rows for *values, rows in self._combinations if self._is_asked_for(values, but=""))

    def of(self, name: str) -> dict[object, int]:
        """Value of the facet's column → number of rows."""
        counted: dict[object, int] = defaultdict(int)
        for *values, rows in self._combinations:
            if self._is_asked_for(values, but=name):
                counted[values[self._places[name]]] += rows
        return counted

    def _is_asked_for(self, values: Sequence[object], *, but: str) -> bool:
        return all(values[self._places[name]] in chosen for name, chosen in self._chosen.items() if name != but)

    @cached_property
    def _combinations(self) -> list[tuple]:
        if self._kept is not None:
            return self._kept
        began = monotonic()
        counted = list(self._query)
        if monotonic() - began >= LONG_SECONDS:
            cache.set(self._key, counted, KEPT_SECONDS)
        return counted

    @cached_property
    def _kept(self) -> list[tuple] | None:
        return cache.get(self._key) if self._key else None

    @cached_property
    def _key(self) -> str:
        try:
            asked = self._query.query.sql_with_params()
        except EmptyResultSet:
            return ""
        return f"counts-{sha256(repr((self._version, asked)).encode()).hexdigest()}"


def choices_of_servers(
    names: Mapping[int, str], chosen: Collection[int], counted: Mapping[object, int] | None
) -> list[Choice]:
    """All servers, those without a row too. `counted`: None while nobody has counted."""
    return [
        Choice(str(pk), name, None if counted is None else counted.get(pk, 0), pk in chosen)
        for pk, name in names.items()
    ]


def choices_of_values(
    vocabulary: Vocabulary, asked: Collection[str], counted: Mapping[object, int] | None
) -> list[Choice]:
    """The values that are there, and those that are asked for, in the vocabulary's order."""
    chosen = {vocabulary.asked(value) for value in asked}
    sums = dict.fromkeys(chosen, 0)
    for stored, rows in (counted or {}).items():
        value = vocabulary.asked(stored)
        sums[value] = sums.get(value, 0) + rows
    return [
        Choice(
            value=value,
            words=vocabulary.words_of(value),
            count=None if counted is None else sums[value],
            is_chosen=value in chosen,
            tone=vocabulary.tone_of(value),
        )
        for value in sorted(sums, key=vocabulary.place_of)
    ]
