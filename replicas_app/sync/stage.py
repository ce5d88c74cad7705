"""Staging: what a server answered, streamed by COPY into tables that live as long as the database connection.

Nothing here judges. Rows carry the number in which they came, so that `merge` can take the newest of one that came
twice. Beside them stand the ids of the points that need no merge any more, those on pages that are known to hold
nothing new, and those that have to be gone, since all that could be beside them came.
"""

from datetime import datetime
from typing import Any, LiteralString

from django.db import connection
from psycopg.sql import SQL, Identifier

from replicas_app.sync.sweeps import SweptPages

WORK_MEMORY = "64MB"
"""What one sort or join of a sync may take in Postgres before it goes to disk."""
COST_OF_A_JUMP = 1.1
"""What a sync looks up was mostly written a moment ago, and lies in memory. By Postgres' own estimate, 4 for disks, all
points of all servers were read to find those of some VMs."""

CREATE: LiteralString = """
DROP TABLE IF EXISTS staged_replica, staged_point, came_point, known_replica, known_point, gone_point,
    fresh_page;
CREATE TEMPORARY TABLE staged_replica (
    seq bigint, uuid uuid, created_at timestamptz, type text, name text, sort_key text, job_id text, policy_id text,
    platform text, platform_id text, state text, search text
);
CREATE TEMPORARY TABLE staged_point (
    seq bigint, uuid uuid, replica_uuid uuid, name text, created_at timestamptz, state text, malware text,
    platform text, platform_id text, operations text[]
);
CREATE TEMPORARY TABLE came_point (seq bigint, uuid uuid);
CREATE TEMPORARY TABLE known_replica (uuid uuid);
CREATE TEMPORARY TABLE known_point (uuid uuid);
CREATE TEMPORARY TABLE gone_point (uuid uuid);
CREATE TEMPORARY TABLE fresh_page (listing text, skip int, digest bytea, ids bytea);
"""
DROP: LiteralString = (
    "DROP TABLE IF EXISTS staged_replica, staged_point, came_point, known_replica, known_point, gone_point, fresh_page"
)
COPY_REPLICAS: LiteralString = (
    "COPY staged_replica (seq, uuid, created_at, type, name, sort_key, job_id, policy_id, platform, platform_id, state,"
    " search) FROM STDIN (FORMAT binary)"
)
COPY_POINTS: LiteralString = (
    "COPY staged_point (seq, uuid, replica_uuid, name, created_at, platform, platform_id, state, malware, operations)"
    " FROM STDIN (FORMAT binary)"
)
CAME: dict[str, LiteralString] = {
    "replica": "(SELECT seq, uuid FROM staged_replica)",
    "point": "(SELECT seq, uuid FROM staged_point UNION ALL SELECT seq, uuid FROM came_point)",
}
"""What came of each kind: points that were merged leave their ids."""


def create_tables() -> None:
    """Empty staging tables on this connection. Those of an earlier run of this process are dropped."""
    _execute(CREATE)
    _execute(f"SET work_mem = '{WORK_MEMORY}'; SET random_page_cost = {COST_OF_A_JUMP}")


def drop_tables() -> None:
    _execute(DROP)
    _execute("RESET work_mem; RESET random_page_cost")


def copy_replicas(rows: bytes) -> None:
    _copy(COPY_REPLICAS, rows)


def copy_points(rows: bytes) -> None:
    _copy(COPY_POINTS, rows)


def note_gone_of(server_id: int, replica_id: str) -> None:
    """All points of this replica are staged: what we hold of it beside them is gone."""
    _execute(GONE_OF_REPLICA, {"server": server_id, "replica": replica_id})


def note_gone_between(server_id: int, begin: datetime, end: datetime) -> None:
    """All points that were created in this time are staged: what we hold of it beside them is gone."""
    _execute(GONE_BETWEEN, {"server": server_id, "begin": begin, "end": end})


def forget_gone() -> None:
    """Nothing is known to be gone."""
    _execute("TRUNCATE gone_point")


def know(kind: str, server_id: int, swept: SweptPages) -> None:
    """Fill in the ids that stand on the pages that were recognised."""
    statement = SQL(
        "INSERT INTO {} SELECT encode(substring(ids FROM 16 * n + 1 FOR 16), 'hex')::uuid"
        " FROM swept_page, generate_series(0, length(ids) / 16 - 1) AS n"
        " WHERE server_id = %s AND listing = %s AND skip = ANY(%s)"
    )
    _execute(statement.format(Identifier(f"known_{kind}")), [server_id, swept.listing, swept.recognised])


def distinct(kind: str, since: int) -> int:
    """How many different ids came from number `since` on, those on known pages included."""
    statement = SQL(
        "SELECT count(*) FROM (SELECT uuid FROM {} AS came WHERE seq >= %s UNION SELECT uuid FROM {}) AS every"
    )
    return _count(statement.format(SQL(CAME[kind]), Identifier(f"known_{kind}")), [since])


def came_since(kind: str, first: int) -> int:
    """The same without known pages."""
    return _count(SQL("SELECT count(DISTINCT uuid) FROM {} AS came WHERE seq >= %s").format(SQL(CAME[kind])), [first])


def forget(kind: str, before: int) -> None:
    """Keep only what came from number `before` on: that was whole, so what only an earlier pass saw is gone."""
    if before:
        for table in ("staged_replica",) if kind == "replica" else ("staged_point", "came_point"):
            _execute(SQL("DELETE FROM {} WHERE seq < %s").format(Identifier(table)), [before])


def forget_repeated(kind: str, first: int) -> None:
    """Of what came from number `first` on, keep only what did not come before, on a known page or not."""
    before = SQL("SELECT uuid FROM {} AS came WHERE seq < %s UNION ALL SELECT uuid FROM {}")
    names = SQL(CAME[kind]), Identifier(f"known_{kind}")
    statement = SQL("DELETE FROM {} WHERE seq >= %s AND uuid IN ({})")
    _execute(statement.format(Identifier(f"staged_{kind}"), before.format(*names)), [first, first])


def forget_known(kind: str) -> None:
    _execute(SQL("TRUNCATE {}").format(Identifier(f"known_{kind}")))


def replica_ids() -> list[str]:
    """All replicas that the server lists, staged or known."""
    return _column("SELECT uuid::text FROM staged_replica UNION SELECT uuid::text FROM known_replica ORDER BY 1")


def has_new_replicas(server_id: int) -> bool:
    """Whether a replica came that we never had."""
    return bool(_count(HAS_NEW_REPLICAS, {"server": server_id}))


def forget_what_is_held(server_id: int) -> None:
    """Leave only the points to be merged that are new, or another than we hold."""
    _execute(FORGET_WHAT_IS_HELD, {"server": server_id})
    _execute(FORGET_OLDER_TWINS)


def has_points() -> bool:
    """Whether there are points to be merged."""
    return bool(_count("SELECT EXISTS (SELECT FROM staged_point)", None))


def replicas_with_new_points(server_id: int) -> list[str]:
    return _column(
        "SELECT DISTINCT s.replica_uuid::text FROM staged_point s WHERE NOT EXISTS ("
        " SELECT FROM restore_point p WHERE p.server_id = %s AND p.uuid = s.uuid AND p.removed_at IS NULL) ORDER BY 1",
        [server_id],
    )


def expected_points(server_id: int) -> int:
    """How many points the server has, if nothing else happened than what is staged."""
    return _count(EXPECTED_POINTS, {"server": server_id})


def expected_with_malware(server_id: int, status: str) -> int:
    """The same for the points with this malware status."""
    return _count(EXPECTED_WITH_MALWARE, {"server": server_id, "status": status})


def expected_since(server_id: int, moment: datetime) -> int:
    """The same for the points that were created since then."""
    return _count(EXPECTED_SINCE, {"server": server_id, "moment": moment})


def rows(statement: LiteralString, values: object = None) -> list[tuple]:
    """What a statement selects that asks about staged rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


HAS_NEW_REPLICAS: LiteralString = """
SELECT EXISTS (
    SELECT FROM staged_replica s
    WHERE NOT EXISTS (SELECT FROM replica r WHERE r.server_id = %(server)s AND r.uuid = s.uuid)
)
"""

FORGET_WHAT_IS_HELD: LiteralString = """
WITH held AS (
    DELETE FROM staged_point s
    WHERE (
        SELECT (r.uuid, v.name, p.created_at, p.state, p.malware, p.platform, p.platform_id, p.operations)
               = (s.replica_uuid, s.name, s.created_at, s.state, s.malware, s.platform, s.platform_id, s.operations)
        FROM restore_point p JOIN replica_vm v ON v.id = p.vm_id JOIN replica r ON r.id = p.replica_id
        WHERE p.server_id = %(server)s AND p.uuid = s.uuid AND p.removed_at IS NULL
    )
    RETURNING s.seq, s.uuid
)
INSERT INTO came_point SELECT seq, uuid FROM held
"""
"""As a subquery of each row: it looks them up one by one, where a join might read all points of all servers."""

FORGET_OLDER_TWINS: LiteralString = (
    "DELETE FROM staged_point s USING came_point c WHERE c.uuid = s.uuid AND c.seq > s.seq"
)
"""Of a point that came more than once what came last counts."""

GONE_OF_REPLICA: LiteralString = """
INSERT INTO gone_point
SELECT p.uuid FROM restore_point p JOIN replica r ON r.id = p.replica_id
WHERE r.server_id = %(server)s AND r.uuid = %(replica)s AND p.removed_at IS NULL
  AND p.uuid NOT IN (SELECT uuid FROM staged_point) AND p.uuid NOT IN (SELECT uuid FROM came_point)
"""
GONE_BETWEEN: LiteralString = """
INSERT INTO gone_point
SELECT uuid FROM restore_point
WHERE server_id = %(server)s AND created_at BETWEEN %(begin)s AND %(end)s AND removed_at IS NULL
  AND uuid NOT IN (SELECT uuid FROM staged_point) AND uuid NOT IN (SELECT uuid FROM came_point)
"""

EXPECTED_POINTS: LiteralString = """
SELECT (
    SELECT coalesce(sum(point_count), 0)::bigint FROM replica WHERE server_id = %(server)s
) - (
    SELECT count(*) FROM (SELECT uuid FROM gone_point EXCEPT SELECT uuid FROM staged_point) AS gone
) + (
    SELECT count(DISTINCT s.uuid)
    FROM staged_point s
    LEFT JOIN LATERAL (
        SELECT id FROM restore_point p
        WHERE p.server_id = %(server)s AND p.uuid = s.uuid AND p.removed_at IS NULL LIMIT 1
    ) AS held ON true
    WHERE held.id IS NULL AND (
        EXISTS (SELECT FROM replica r WHERE r.server_id = %(server)s AND r.uuid = s.replica_uuid)
        OR s.replica_uuid IN (SELECT uuid FROM staged_replica)
    )
)
"""
"""A point of a replica that nobody knows will not be stored: it is none of ours then, and none now."""

EXPECTED_SINCE: LiteralString = """
SELECT (
    SELECT count(*) FROM restore_point
    WHERE server_id = %(server)s AND created_at >= %(moment)s AND removed_at IS NULL
) - (
    SELECT count(*) FROM (SELECT uuid FROM staged_point UNION SELECT uuid FROM gone_point) AS other
    CROSS JOIN LATERAL (
        SELECT created_at, removed_at FROM restore_point p
        WHERE p.server_id = %(server)s AND p.uuid = other.uuid LIMIT 1
    ) AS held
    WHERE held.created_at >= %(moment)s AND held.removed_at IS NULL
) + (SELECT count(DISTINCT uuid) FROM staged_point WHERE created_at >= %(moment)s)
"""

EXPECTED_WITH_MALWARE: LiteralString = """
WITH found AS MATERIALIZED (
    SELECT uuid, server_id FROM restore_point
    WHERE malware = %(status)s AND NOT (malware IN ('', 'Clean')) AND removed_at IS NULL
)
SELECT (
    SELECT count(*) FROM found
    WHERE server_id = %(server)s
      AND uuid NOT IN (SELECT uuid FROM staged_point) AND uuid NOT IN (SELECT uuid FROM gone_point)
) + (SELECT count(DISTINCT s.uuid) FROM staged_point s WHERE s.malware = %(status)s)
"""
"""The index of all points that are not clean answers; that of a server's points is what Postgres takes otherwise, and
that holds a hundred times as many."""


def _copy(statement: LiteralString, packed: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(packed)


def _execute(statement: str | SQL, values: object = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _count(statement: str | SQL, values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def _column(statement: LiteralString, values: object = None) -> list[Any]:
    return [value for (value,) in rows(statement, values)]
