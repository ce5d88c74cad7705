"""How many rows there are, in all and by the values of each facet: one query, whatever is chosen."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Count, QuerySet

from replicas_app.filters.vocabulary import Vocabulary

T = TypeVar("T")
KEPT_SECONDS = 600
LONG_COST = 2_000
"""What Postgres reckons for a count (in its own unit) from which the list does not wait for it."""
SMALL_COST = 100
"""Up to here counting again costs no more than remembering."""


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
    what a list would show if one value alone were ticked there. What was counted, and how long that would take, is kept
    for as long as the data stays what it is.
    """

    def __init__(
        self,
        rows: Callable[[], QuerySet],
        columns: Mapping[str, str],
        chosen: Mapping[str, Collection[object]],
        identity: str,
    ) -> None:
        """`rows`: narrowed by everything but the facets; `columns`: facet → its column; `chosen`: the values that are
        asked for, of the facets in which any is; `identity`: another text for other rows and whenever the data is
        another, empty where nobody can tell."""
        self._rows = rows
        self._columns = columns
        self._chosen = chosen
        self._identity = identity

    @cached_property
    def would_take_long(self) -> bool:
        """Whether Postgres expects to need so long that the list should not wait for it."""
        return self._kept_sums is None and self._recall("combinations") is None and self._cost > LONG_COST

    @property
    def total(self) -> int:
        return self._sums[0]

    def of(self, name: str) -> dict[object, int]:
        """Value of the facet's column → number of rows."""
        return self._sums[1][name]

    @cached_property
    def _sums(self) -> tuple[int, dict[str, dict[object, int]]]:
        """The total, and the numbers of every facet."""
        if self._kept_sums is not None:
            return self._kept_sums
        total, facets = 0, {name: defaultdict(int) for name in self._columns}
        for *values, rows in self._combinations:
            missed = [
                name for name, value in zip(self._columns, values, strict=True) if not self._is_wanted(name, value)
            ]
            total += 0 if missed else rows
            for name, value in zip(self._columns, values, strict=True):
                if not missed or missed == [name]:
                    facets[name][value] += rows
        return self._keep(self._chosen_words, (total, {name: dict(counted) for name, counted in facets.items()}))

    @cached_property
    def _kept_sums(self) -> tuple[int, dict[str, dict[object, int]]] | None:
        return self._recall(self._chosen_words)

    @property
    def _chosen_words(self) -> str:
        return repr(sorted((name, sorted(map(str, values))) for name, values in self._chosen.items()))

    def _is_wanted(self, name: str, value: object) -> bool:
        return name not in self._chosen or value in self._chosen[name]

    @cached_property
    def _combinations(self) -> list[tuple]:
        kept = self._recall("combinations")
        return self._keep("combinations", list(self._query)) if kept is None else kept

    @cached_property
    def _cost(self) -> float:
        if (kept := self._recall("cost")) is not None:
            return kept
        plan = self._query.explain(format="json")  # empty where Django knows that no row can match
        cost = json.loads(plan)[0]["Plan"]["Total Cost"] if plan else 0
        if self._identity and cost > SMALL_COST:
            cache.set(self._key("cost"), cost, KEPT_SECONDS)
        return cost

    @cached_property
    def _query(self) -> QuerySet:
        return self._rows().order_by().values_list(*self._columns.values()).annotate(rows=Count("*"))

    def _recall(self, what: str) -> Any:
        return cache.get(self._key(what)) if self._identity else None

    def _keep(self, what: str, counted: T) -> T:
        if self._identity and self._cost > SMALL_COST:
            cache.set(self._key(what), counted, KEPT_SECONDS)
        return counted

    def _key(self, what: str) -> str:
        return f"counts-{sha256(f'{self._identity} {what}'.encode()).hexdigest()}"


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
