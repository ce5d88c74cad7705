"""What Postgres knows of its tables, by which it plans."""

from typing import LiteralString

from django.db import connection

FEW_POINTS = 1000
A_TENTH = 10
ROUGHLY = 30
"""Postgres reads 300 times as many rows; its own default is 100."""
KNOWN_POINTS: LiteralString = (
    "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'restore_point'::regclass"
)
LOOKED_OVER: tuple[LiteralString, ...] = (
    "ANALYZE (SKIP_LOCKED) restore_point (server_id, replica_id, vm_id, created_at, state, malware, removed_at)",
    "ANALYZE (SKIP_LOCKED) replica_vm (server_id, replica_id, sort_key)",
    "ANALYZE (SKIP_LOCKED) replica (server_id, sort_key, state, removed_at)",
)
"""Of what joins and filters go by. What somebody else looks over is left to him."""


def bring_up_to_date(points: int) -> None:
    """Have Postgres look over its tables where so many points came or went that what it knows is no longer true.

    By itself it does so after as many, but a minute later, and plans for less till then.
    """
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_POINTS)
        if points <= max(FEW_POINTS, cursor.fetchone()[0] // A_TENTH):
            return
        cursor.execute(f"SET default_statistics_target = {ROUGHLY}")
        for statement in LOOKED_OVER:
            cursor.execute(statement)
        cursor.execute("RESET default_statistics_target")
