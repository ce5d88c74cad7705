"""The columns by which a list can be sorted, and the heads that say so."""

from dataclasses import dataclass

from django.db.models import F, OrderBy, Value
from django.db.models.functions import NullIf


@dataclass(frozen=True)
class Order:
    """The columns behind one head. What has no value there stands last in both directions."""

    columns: tuple[str, ...]
    gaps: str = ""
    """What the first column may lack: "" nothing, "null" a value that is null, "blank" one that is empty."""

    def expressions(self, is_descending: bool) -> list[OrderBy]:
        """Ends in the primary key, so that no row can stand on two pages."""
        return [
            self._first(is_descending),
            *(_directed(F(column), is_descending) for column in (*self.columns[1:], "pk")),
        ]

    def _first(self, is_descending: bool) -> OrderBy:
        column = self.columns[0]
        if not self.gaps:
            return _directed(F(column), is_descending)
        held = NullIf(column, Value("")) if self.gaps == "blank" else F(column)
        return _directed(held, is_descending, nulls_last=True)


@dataclass(frozen=True)
class Head:
    """The head of a column: where a click leads, and how the list is sorted by it now."""

    href: str
    direction: str


@dataclass(frozen=True)
class Sorting:
    """One order of a list: `name` is a key of its orders."""

    name: str
    is_descending: bool

    @classmethod
    def of(cls, text: str) -> "Sorting":
        return cls(text.removeprefix("-"), text.startswith("-"))

    def direction_of(self, name: str) -> str:
        if name != self.name:
            return ""
        return "descending" if self.is_descending else "ascending"

    def next_of(self, name: str) -> str:
        """The order that a click on this head asks for: ascending, then the other way round."""
        return f"-{name}" if self.direction_of(name) == "ascending" else name


def _directed(expression: F | NullIf, is_descending: bool, **options: bool) -> OrderBy:
    return OrderBy(expression, descending=is_descending, **options)
