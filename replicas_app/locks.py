"""Locks that Postgres holds for us and lets go by itself when the process that took them dies.

They hang on the database connection, not on a transaction, so a sync may hold one for minutes while it commits page by
page. A pooler that hands one connection to many clients (PgBouncer in transaction mode) breaks them; the docs say so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection


class Space(IntEnum):
    """What is locked; the first of the two numbers of an advisory lock."""

    SYNC = 7301
    RESCAN = 7302
    SIGN_IN = 7303


@contextmanager
def try_lock(space: Space, key: int) -> Iterator[bool]:
    """Take the lock if it is free, and say whether it was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, key])
        (taken,) = cursor.fetchone()
    try:
        yield taken
    finally:
        if taken:
            _release(space, key)


@contextmanager
def wait_for_lock(space: Space, key: int) -> Iterator[None]:
    """Wait until the lock is free, then hold it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [space, key])
    try:
        yield
    finally:
        _release(space, key)


def held(space: Space) -> set[int]:
    """The keys of this space that some process of this database holds right now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks"
            " WHERE locktype = 'advisory' AND granted AND classid = %s AND objsubid = 2"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [int(space)],
        )
        return {key for (key,) in cursor.fetchall()}


def _release(space: Space, key: int) -> None:
    if connection.connection is None or connection.connection.closed:
        return  # the connection died, and the lock with it
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [space, key])
