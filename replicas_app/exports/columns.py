"""The columns of a file: where their values come from, and what a spreadsheet gets to see of them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import F, Func, TextField
from django.db.models.expressions import Combinable

from replicas_app.choices import NOT_SCANNED_VALUE

FORMULA_SIGNS = "=+-@＝＋－＠\t\r\n"
"""With these a spreadsheet may take a text for a formula, or look behind them for one."""
MARK = "'"


class TextOf(Func):
    """A text made of one value, which may stand in its template more than once."""

    output_field = TextField()

    def as_sql(self, *arguments: object, **options: object) -> tuple[str, list[object]]:
        sql, parameters = super().as_sql(*arguments, **options)
        return sql, [*parameters] * self.template.count("%(expressions)s")


class Harmless(TextOf):
    """The text with an apostrophe in front where it begins like a formula, or with an apostrophe.

    One rule, which a reader undoes by taking one apostrophe off the front of each text that has one.
    """

    codes = ",".join(str(ord(sign)) for sign in FORMULA_SIGNS + MARK)
    template = (
        f"CASE WHEN ascii(%(expressions)s) IN ({codes}) THEN {MARK * 4} || %(expressions)s ELSE %(expressions)s END"
    )


class Iso(TextOf):
    """The moment as ISO 8601, in the zone of the connection, which is UTC."""

    template = "(to_json(%(expressions)s) #>> '{}')"


class Scanned(TextOf):
    """A malware status as the API says it, and a word of its own for "not scanned", which is not "no point"."""

    template = f"CASE %(expressions)s WHEN '' THEN '{NOT_SCANNED_VALUE}' ELSE %(expressions)s END"


class Spaced(TextOf):
    """The words of an array with spaces between them."""

    template = "array_to_string(%(expressions)s, ' ')"


def as_it_is(value: Combinable) -> Combinable:
    return value


@dataclass(frozen=True)
class Column:
    """`source`: the column of the rows, as a queryset names it, or an expression over them."""

    name: str
    source: str | Combinable
    in_a_cell: Callable[[Combinable], Combinable] = as_it_is
    """What a spreadsheet gets of the value."""

    @property
    def value(self) -> Combinable:
        return F(self.source) if isinstance(self.source, str) else self.source

    @property
    def cell(self) -> Combinable:
        return self.in_a_cell(self.value)


def text(name: str, source: str | Combinable = "") -> Column:
    return Column(name, source or name, Harmless)


def moment(name: str, source: str | Combinable = "") -> Column:
    return Column(name, source or name, Iso)


def number(name: str, source: str | Combinable = "") -> Column:
    return Column(name, source or name)


def malware(name: str, source: str) -> Column:
    return Column(name, Scanned(F(source)), Harmless)


def words(name: str, source: str) -> Column:
    return Column(name, source, lambda value: Harmless(Spaced(value)))
