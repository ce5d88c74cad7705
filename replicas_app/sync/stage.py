"""Staging: what a server answered, streamed by COPY into tables that live as long as the database connection.

Nothing here judges; rows are kept in the order in which they came, and in the pass in which they were read, so that
`merge` can take the newest of a row that came twice.
"""

from collections.abc import Iterable
from typing import LiteralString

from django.db import connection
from psycopg.sql import SQL, Identifier

from replicas_app.text import search_lines, sort_key, storable
from replicas_app.vbr import PointRecord, ReplicaRecord

CREATE: LiteralString = """
DROP TABLE IF EXISTS staged_replica, staged_point;
CREATE TEMPORARY TABLE staged_replica (
    seq bigint GENERATED ALWAYS AS IDENTITY, pass smallint, uuid uuid, type text, name text, sort_key text,
    job_id text, policy_id text, platform text, platform_id text, created_at timestamptz, state text, search text
);
CREATE TEMPORARY TABLE staged_point (
    seq bigint GENERATED ALWAYS AS IDENTITY, pass smallint, uuid uuid, replica_uuid uuid, name text,
    created_at timestamptz, state text, malware text, platform text, platform_id text, operations text[]
);
"""
REPLICA_COLUMNS = (
    "pass, uuid, type, name, sort_key, job_id, policy_id, platform, platform_id, created_at, state, search"
)
POINT_COLUMNS = "pass, uuid, replica_uuid, name, created_at, state, malware, platform, platform_id, operations"


def create_tables() -> None:
    """Empty staging tables on this connection. Those of an earlier run of this process are dropped."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE)


def drop_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged_replica, staged_point")


def stage_replicas(records: Iterable[ReplicaRecord], listing: int) -> None:
    _copy(f"COPY staged_replica ({REPLICA_COLUMNS}) FROM STDIN", (_replica_row(record, listing) for record in records))


def stage_points(records: Iterable[PointRecord], listing: int) -> None:
    _copy(f"COPY staged_point ({POINT_COLUMNS}) FROM STDIN", (_point_row(record, listing) for record in records))


def distinct(table: str, listing: int) -> int:
    """How many different ids this pass over the listing brought."""
    with connection.cursor() as cursor:
        statement = SQL("SELECT count(DISTINCT uuid) FROM {} WHERE pass = %s")
        cursor.execute(statement.format(Identifier(table)), [listing])
        (count,) = cursor.fetchone()
    return count


def forget_passes_before(table: str, listing: int) -> None:
    """Keep only what this pass brought: it was whole, so what only an earlier one saw is gone."""
    with connection.cursor() as cursor:
        cursor.execute(SQL("DELETE FROM {} WHERE pass < %s").format(Identifier(table)), [listing])


def staged_replica_ids() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT uuid::text FROM staged_replica ORDER BY 1")
        return [uuid for (uuid,) in cursor.fetchall()]


def _copy(statement: str, rows: Iterable[tuple]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _replica_row(record: ReplicaRecord, listing: int) -> tuple:
    name, state = storable(record.name), storable(record.state)
    type_, platform, policy = storable(record.type), storable(record.platform), storable(record.policy_id)
    job, platform_id = storable(record.job_id), storable(record.platform_id)
    search = search_lines(name, record.id, type_, job, policy, platform, platform_id, state)
    return (
        listing, record.id, type_, name, sort_key(name), job, policy, platform, platform_id, record.created_at, state,
        search,
    )  # fmt: skip


def _point_row(record: PointRecord, listing: int) -> tuple:
    return (
        listing, record.id, record.replica_id, storable(record.name), record.created_at, storable(record.state),
        storable(record.malware_status), storable(record.platform), storable(record.platform_id),
        [storable(operation) for operation in record.allowed_operations],
    )  # fmt: skip
