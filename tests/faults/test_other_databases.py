"""Two dashboards on one Postgres, each in a database of its own: the locks of one say nothing of the other."""

import psycopg
import pytest
from django.db import connection

from replicas_app import locks


@pytest.mark.django_db(transaction=True)
def test_what_is_locked_in_another_database_is_not_held_here():
    elsewhere = connection.get_connection_params() | {"dbname": "postgres"}
    for name in ("cursor_factory", "context", "prepare_threshold"):
        elsewhere.pop(name, None)
    with psycopg.connect(**elsewhere) as other, locks.try_lock(locks.Space.SYNC, 1):
        other.execute("SELECT pg_advisory_lock(%s, %s)", [locks.Space.SYNC, 2])

        assert locks.held(locks.Space.SYNC) == {1}
