"""The stage on which cases are measured: a database that can be put back, simulated servers, processes that sync."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from psycopg.sql import SQL, Identifier

from tests.simulated import Simulated
from tests.waiting import wait_until

POSTGRES_SETTINGS = ("log_lock_waits=on", "deadlock_timeout=100ms")
LOCK_WAIT = "still waiting for"
"""What Postgres logs of a wait that lasts longer than its deadlock_timeout."""
DATABASE = "bench"
BLANK = "blank"


class Bench:
    """`scale` is the part of the sizes that is measured; `began` and `say` show how far the bench is."""

    def __init__(self, log: Path, scale: float, maintenance: str) -> None:
        self.log = log
        self.scale = scale
        self.began = time.monotonic()
        self._maintenance = maintenance

    @classmethod
    def begin(cls, log: Path, scale: float, set_up_django: Callable[[], None]) -> "Bench":
        """On the Postgres of DATABASE_URL, which from then on names a migrated database there."""
        bench = cls(log, scale, os.environ["DATABASE_URL"])
        bench._administer("CREATE DATABASE {}", DATABASE)
        os.environ["DATABASE_URL"] = urlsplit(bench._maintenance)._replace(path=f"/{DATABASE}").geturl()
        set_up_django()
        call_command("migrate", verbosity=0)
        bench.keep(BLANK)
        return bench

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:5.0f} s] {text}", file=sys.stderr, flush=True)

    def sized(self, count: int) -> int:
        return max(1, round(count * self.scale))

    # The database

    def keep(self, name: str) -> None:
        """Remember the database as it is now, under this name."""
        connection.close()
        self._administer("DROP DATABASE IF EXISTS {}", name)
        self._administer("CREATE DATABASE {} TEMPLATE {}", name, DATABASE)

    def has(self, name: str) -> bool:
        with psycopg.connect(self._maintenance) as server:
            return bool(server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone())

    def back_to(self, name: str = BLANK) -> None:
        """Make the database what it was: without a name, migrated and empty. Checkpointed, so that all begin equal.

        What was remembered of the one before is forgotten: its servers have the same keys and versions.
        """
        connection.close()
        cache.clear()
        self._administer("DROP DATABASE {} WITH (FORCE)", DATABASE)
        self._administer("CREATE DATABASE {} TEMPLATE {}", DATABASE, name)
        self._administer("CHECKPOINT")

    def vacuum(self) -> None:
        """What Postgres does by itself within a minute of so many new rows."""
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._maintenance, autocommit=True) as server:
            server.execute(SQL(statement).format(*map(Identifier, names)))

    def rows_written(self, *tables: str) -> int:
        """Rows that were inserted, updated or deleted in these tables since the database was made, by Postgres' count.

        A process reports what it wrote when it ends at the latest: all others have to be gone.
        """
        wait_until(self._is_alone)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables"
                " WHERE relname = ANY(%s)",
                [list(tables)],
            )
            return cursor.fetchone()[0]

    def _is_alone(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return cursor.fetchone() == (0,)

    def lock_waits(self) -> int:
        """How many waits for a lock have been longer than 100 ms so far."""
        return self.log.read_text(errors="replace").count(LOCK_WAIT)

    # Processes

    @contextmanager
    def simulated(self, servers: int = 1, **options: Any) -> Iterator[Simulated]:
        """Backup servers in one process of their own, each with a world of these options.

        Their time stands still: what they answered once they have ready, however long a case takes.
        """
        with Simulated(servers, options) as simulated:
            for number in range(servers):
                simulated.freeze(number)
            yield simulated
