"""How many rows there are, in all and by the values of each facet: one query, whatever is chosen."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Count, QuerySet

from replicas_app.filters.memory import Memory
from replicas_app.filters.vocabulary import Vocabulary

Sums = tuple[int, dict[str, dict[object, int]]]
"""The total, and of every facet how many rows each value of its column has."""
LONG_COST = 2_000
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
    what a list would show if one value alone were ticked there. What was counted, and how long that would take, is kept
    for as long as the data stays what it is.
    """

    def __init__(
        self,
        rows: Callable[[], QuerySet],
        columns: Mapping[str, str],
        chosen: Mapping[str, Collection[object]],
        memory: Memory,
        are_few: Callable[[], bool],
    ) -> None:
        """`rows`: narrowed by everything but the facets; `columns`: facet → its column; `chosen`: the values that are
        asked for, of the facets in which any is; `are_few`: whether it is known that few rows can match."""
        self._rows = rows
        self._columns = columns
        self._chosen = chosen
        self._memory = memory
        self._are_few = are_few

    @cached_property
    def would_take_long(self) -> bool:
        """Whether Postgres expects to need so long that the list should not wait for it."""
        if self._kept_sums is not None or self._memory.recall("combinations") is not None:
            return False
        return self._memory.remembered("cost", self._expected_cost) > LONG_COST

    @property
    def total(self) -> int:
        return self._sums[0]

    def of(self, name: str) -> dict[object, int]:
        """Value of the facet's column → number of rows."""
        return self._sums[1][name]

    @cached_property
    def _sums(self) -> Sums:
        if self._kept_sums is not None:
            return self._kept_sums
        combinations = self._memory.remembered("combinations", lambda: list(self._query))
        return self._memory.keep(self._chosen_words, self._summed(combinations))

    @cached_property
    def _kept_sums(self) -> Sums | None:
        return self._memory.recall(self._chosen_words)

    def _summed(self, combinations: Iterable[tuple]) -> Sums:
        total, facets = 0, {name: defaultdict(int) for name in self._columns}
        for *values, rows in combinations:
            held = dict(zip(self._columns, values, strict=True))
            missed = [name for name, chosen in self._chosen.items() if held[name] not in chosen]
            total += 0 if missed else rows
            for name in missed if len(missed) == 1 else () if missed else held:
                facets[name][held[name]] += rows
        return total, {name: dict(counted) for name, counted in facets.items()}

    def _expected_cost(self) -> float:
        if self._are_few():
            return 0
        plan = self._query.explain(format="json")  # empty where Django knows that no row can match
        return json.loads(plan)[0]["Plan"]["Total Cost"] if plan else 0

    @cached_property
    def _query(self) -> QuerySet:
        return self._rows().order_by().values_list(*self._columns.values()).annotate(rows=Count("*"))

    @property
    def _chosen_words(self) -> str:
        return repr(sorted((name, sorted(map(str, values))) for name, values in self._chosen.items()))


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
