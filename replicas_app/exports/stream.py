"""The bytes of a file, block by block, while Postgres still works on the next ones."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import QuerySet

from replicas_app.exports.formats import Format
from replicas_app.exports.sheets import Sheet

BLOCK_BYTES = 64 * 1024
STATEMENT_SECONDS = 900
"""How long Postgres may work on one file. A browser that waits longer has been left alone."""


class Stream:
    """One file: iterated once, then closed, which also ends the query of a file that nobody waits for any more.

    It reads on a connection of its own, so that nothing else of the request waits, and in one statement, so that it is
    one moment's state. Whatever breaks it is raised in the middle of the file: the web server then breaks the transfer
    off, and nobody takes what came for the whole.

    Raises:
        django.db.OperationalError: the database cannot be reached.
    """

    def __init__(self, rows: QuerySet, sheet: Sheet, format: Format) -> None:
        self._sheet, self._format = sheet, format
        values = rows.values_list(*sheet.values).query.get_compiler(connection.alias, elide_empty=False)
        select, self._parameters = values.as_sql()
        heads = ", ".join(f'"{head}"' for head in sheet.heads)
        self._statement = format.copy(f"({select}) AS line ({heads})", sheet)
        self._own = connection.copy()
        self._own.ensure_connection()
        self._blocks = self._written()

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        self._blocks.close()
        self._own.close()

    def _written(self) -> Iterator[bytes]:
        yield self._format.begin(self._sheet)
        between = b""
        for rows in self._rows():
            yield between + self._format.between.join(rows)
            between = self._format.between
        yield self._format.end

    def _rows(self) -> Iterator[list[bytes]]:
        """As many rows at a time as make a block."""
        rows: list[bytes] = []
        size = 0
        with self._own.connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
            with cursor.copy(self._statement, self._parameters) as copy:
                for row in copy:
                    rows.append(row)
                    size += len(row)
                    if size >= BLOCK_BYTES:
                        yield rows
                        rows, size = [], 0
        if rows:
            yield rows
