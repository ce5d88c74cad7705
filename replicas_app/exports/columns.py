"""The columns of a file: where their values come from, and what a spreadsheet gets to see of them."""

from dataclasses import dataclass

from django.db.models import F, Func, TextField
from django.db.models.expressions import Combinable

from replicas_app.choices import NOT_SCANNED_VALUE

FORMULA_SIGNS = "=+-@＝＋－＠\t\r\n"
"""With these a spreadsheet may take a text for a formula, or look behind them for one."""
MARK = "'"
_CODES = ",".join(str(ord(sign)) for sign in FORMULA_SIGNS + MARK)

AS_IT_IS = "{value}"
HARMLESS = f"CASE WHEN ascii({{value}}) IN ({_CODES}) THEN {MARK * 4} || {{value}} ELSE {{value}} END"
"""The text with an apostrophe in front where it begins like a formula, or with an apostrophe.

One rule, which a reader undoes by taking one apostrophe off the front of each text that has one.
"""
ISO = "to_json({value}) #>> '{{}}'"
"""The moment as ISO 8601, in the zone of the connection, which is UTC."""
SPACED = HARMLESS.format(value="array_to_string({value}, ' ')")
"""The words of an array with spaces between them."""


class Scanned(Func):
    """A malware status as the API says it, and a word of its own for "not scanned", which is not "no point"."""

    template = f"CASE %(expressions)s WHEN '' THEN '{NOT_SCANNED_VALUE}' ELSE %(expressions)s END"
    output_field = TextField()


@dataclass(frozen=True)
class Column:
    """`source`: the column of the rows, as a queryset names it, or an expression over them."""

    name: str
    source: str | Combinable
    in_a_cell: str = AS_IT_IS
    """What a spreadsheet gets of the `{value}`, in SQL. Worked out when the rows are sorted, which it must not slow."""

    @property
    def value(self) -> Combinable:
        return F(self.source) if isinstance(self.source, str) else self.source

    @property
    def cell(self) -> str:
        return self.in_a_cell.format(value=f'"{self.name}"')


def text(name: str, source: str | Combinable = "") -> Column:
    return Column(name, source or name, HARMLESS)


def moment(name: str, source: str | Combinable = "") -> Column:
    return Column(name, source or name, ISO)


def number(name: str, source: str | Combinable = "") -> Column:
    return Column(name, source or name)


def malware(name: str, source: str) -> Column:
    return Column(name, Scanned(F(source)), HARMLESS)


def words(name: str, source: str) -> Column:
    return Column(name, source, SPACED)
