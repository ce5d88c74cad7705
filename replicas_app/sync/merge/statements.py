"""How the parts of a merge speak to Postgres: every statement knows the server, the run and the moment."""

from datetime import datetime
from typing import Any, LiteralString

from django.db import connection

from replicas_app.choices import EventKind

KINDS = {kind.name.lower(): kind.value for kind in EventKind}


class Statements:
    """The statements of one merge. `run_id` stands behind its events, `now` is the moment of all that it writes."""

    def __init__(self, server_id: int, run_id: int, now: datetime) -> None:
        self.values = KINDS | {"server": server_id, "run": run_id, "now": now}

    def run(self, statement: LiteralString, **values: Any) -> int:
        """The number of rows that it wrote."""
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values | values)
            return cursor.rowcount

    def count(self, statement: LiteralString) -> int:
        """The number that it selects."""
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values)
            return cursor.fetchone()[0]

    def rows(self, statement: LiteralString) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values)
            return cursor.fetchall()
