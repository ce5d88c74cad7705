"""The two kinds of file: CSV for spreadsheets, JSON for programs. Postgres writes the rows, and we what is around."""

from typing import Protocol

from replicas_app.exports.sheets import Sheet

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""By which a spreadsheet that is opened by a double click knows that the file is UTF-8."""


class Format(Protocol):
    suffix: str
    words: str
    content_type: str
    between: bytes
    """What stands between two rows; each row ends with a line break."""
    end: bytes

    def begin(self, sheet: Sheet) -> bytes:
        """What stands before the first row."""

    def copy(self, lines: str, sheet: Sheet) -> str:
        """The statement that gives one row of the file for each of the lines: `line` with the sheet's columns."""


class Csv:
    """Commas, quotation marks where they have to be, UTF-8 with a mark; no text in it begins like a formula."""

    suffix = "csv"
    words = "CSV, for spreadsheets"
    content_type = "text/csv; charset=utf-8"
    between = b""
    end = b""

    def begin(self, sheet: Sheet) -> bytes:
        return f"{BYTE_ORDER_MARK}{','.join(sheet.heads)}\n".encode()

    def copy(self, lines: str, sheet: Sheet) -> str:
        return f"COPY (SELECT {', '.join(sheet.cells)} FROM {lines}) TO STDOUT (FORMAT csv)"  # noqa: S608


class Json:
    """An array with one object on each line, every text as it came from the server. A cut one lacks its last bracket.

    The objects pass through COPY as they are: its own quotation marks are signs that no JSON text holds.
    """

    suffix = "json"
    words = "JSON, for programs"
    content_type = "application/json"
    between = b","
    end = b"]\n"

    def begin(self, sheet: Sheet) -> bytes:
        return b"["

    def copy(self, lines: str, sheet: Sheet) -> str:
        rows = f"SELECT row_to_json(line) FROM {lines}"  # noqa: S608
        return rf"COPY ({rows}) TO STDOUT (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')"


FORMATS: dict[str, Format] = {one.suffix: one for one in (Csv(), Json())}
"""By the value of `export` in a query string."""
