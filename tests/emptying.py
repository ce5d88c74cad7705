"""How Django empties the tables after a test that commits.

It truncates them, which takes a tenth of a second however empty they are: Postgres makes new files for twenty tables
and all their indexes. Deleting the rows of a test takes a few milliseconds.
"""

from typing import Any

from django.db import connection

MOST_BYTES = 1 << 20
"""Tables that have grown over this, by many rows or by many tests, are truncated after all."""


def delete_rather_than_truncate() -> None:
    """From now on, in this process."""
    operations = type(connection.ops)
    truncations = operations.sql_flush

    def deletions(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        """The statements, for one transaction: keys are checked at its end.

        As a TRUNCATE does, they wait for everybody who still writes.
        """
        if options.get("reset_sequences") or _bytes_of(tables) > MOST_BYTES:
            return truncations(self, style, tables, **options)
        names = [self.quote_name(table) for table in tables]
        return [f"LOCK TABLE {', '.join(names)};", *(f"DELETE FROM {name};" for name in names)]

    operations.sql_flush = deletions


def _bytes_of(tables: list[str]) -> int:
    """Of the largest of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(pg_relation_size(quote_ident(name)::regclass)) FROM unnest(%s::text[]) name", [list(tables)]
        )
        return cursor.fetchone()[0] or 0
