"""The merge: from the staging tables into the inventory, set by set, in the caller's transaction.

What differs is updated, what is new inserted, what is equal left alone. Only where the listing was whole is what it did
not contain marked as removed. Returns counts; the rows themselves never come to Python.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import LiteralString

from django.db import connection
from psycopg.sql import SQL, Identifier

from replicas_app.choices import EventKind
from replicas_app.models import ReplicaVM
from replicas_app.sync.derive import derive
from replicas_app.text import search_lines, sort_key

NEW_VMS_AT_ONCE = 5000


@dataclass
class Counts:
    """What the merge did, by the names of the columns of `SyncRun`."""

    replicas_added: int = 0
    replicas_changed: int = 0
    replicas_unchanged: int = 0
    replicas_removed: int = 0
    points_added: int = 0
    points_changed: int = 0
    points_unchanged: int = 0
    points_removed: int = 0

    def as_columns(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def in_words(self) -> str:
        """What was done, without what was not."""
        done = [f"{count:,} {name.replace('_', ' ')}" for name, count in self.as_columns().items() if count]
        return ", ".join(done) or "nothing stored"


@dataclass(frozen=True)
class Merge:
    """One merge of one server: `run_id` stands behind its events, `now` is the moment of all it writes."""

    server_id: int
    run_id: int
    now: datetime
    replicas_whole: bool
    points_whole: bool

    def apply(self) -> Counts:
        """Merge both listings and work out what is derived from them. Must run inside a transaction."""
        counts = Counts()
        self._replicas(counts)
        self._points(counts)
        derive(self.server_id)
        return counts

    def _replicas(self, counts: Counts) -> None:
        self._run(NEWEST_REPLICAS)
        self._run(REPLICA_EVENTS)
        counts.replicas_changed = self._run(UPDATE_REPLICAS)
        counts.replicas_added = self._run(INSERT_REPLICAS)
        if self.replicas_whole:
            self._run(REMOVED_REPLICA_EVENTS)
            counts.replicas_removed = self._run(REMOVE_REPLICAS)
        counts.replicas_unchanged = _count("newest_replica") - counts.replicas_changed - counts.replicas_added

    def _points(self, counts: Counts) -> None:
        self._run(NEWEST_POINTS)
        self._new_vms()
        self._run(NAMED_POINTS)
        self._run("ANALYZE named_point")
        counts.points_changed = self._run(UPDATE_POINTS)
        counts.points_added = self._run(INSERT_POINTS)
        if self.points_whole:
            counts.points_removed = self._run(REMOVE_POINTS)
        counts.points_unchanged = _count("named_point") - counts.points_changed - counts.points_added

    def _new_vms(self) -> None:
        """Rows for the VMs that no sync has seen before; their sort keys are worked out here, in Python."""
        with connection.cursor() as cursor:
            cursor.execute(UNKNOWN_VMS, {"server": self.server_id})
            while found := cursor.fetchmany(NEW_VMS_AT_ONCE):
                ReplicaVM.objects.bulk_create(self._vm(replica_id, name) for replica_id, name in found)

    def _vm(self, replica_id: int, name: str) -> ReplicaVM:
        return ReplicaVM(
            server_id=self.server_id,
            replica_id=replica_id,
            name=name,
            sort_key=sort_key(name),
            search=search_lines(name),
            first_seen_at=self.now,
        )

    def _run(self, statement: LiteralString) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"server": self.server_id, "run": self.run_id, "now": self.now} | KINDS)
            return cursor.rowcount


def orphans() -> int:
    """How many staged points belong to no replica that we know: they cannot be stored. Valid after the merge."""
    return _count("newest_point") - _count("named_point")


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table)))
        return cursor.fetchone()[0]


KINDS = {kind.name.lower(): kind.value for kind in EventKind}

NEWEST_REPLICAS: LiteralString = """
CREATE TEMPORARY TABLE newest_replica ON COMMIT DROP AS
SELECT DISTINCT ON (uuid) * FROM staged_replica ORDER BY uuid, seq DESC
"""

REPLICA_EVENTS: LiteralString = """
INSERT INTO event (server_id, replica_id, run_id, kind, at, old, new)
SELECT r.server_id, r.id, %(run)s, k.kind, %(now)s, k.old, k.new
FROM replica r
JOIN newest_replica s ON s.uuid = r.uuid
CROSS JOIN LATERAL (VALUES
    (%(reappeared)s, '', s.state, r.removed_at IS NOT NULL),
    (%(state)s, r.state, s.state, r.removed_at IS NULL AND r.state <> s.state)
) AS k (kind, old, new, happened)
WHERE r.server_id = %(server)s AND k.happened
"""

UPDATE_REPLICAS: LiteralString = """
UPDATE replica r
SET type = s.type, name = s.name, sort_key = s.sort_key, job_id = s.job_id, policy_id = s.policy_id,
    platform = s.platform, platform_id = s.platform_id, created_at = s.created_at, state = s.state, search = s.search,
    changed_at = %(now)s, removed_at = NULL
FROM newest_replica s
WHERE r.server_id = %(server)s AND r.uuid = s.uuid
  AND (r.type, r.name, r.sort_key, r.job_id, r.policy_id, r.platform, r.platform_id, r.created_at, r.state, r.search,
       r.removed_at)
      IS DISTINCT FROM
      (s.type, s.name, s.sort_key, s.job_id, s.policy_id, s.platform, s.platform_id, s.created_at, s.state, s.search,
       NULL::timestamptz)
"""

INSERT_REPLICAS: LiteralString = """
WITH added AS (
    INSERT INTO replica (server_id, uuid, type, name, sort_key, job_id, policy_id, platform, platform_id, created_at,
                         state, search, first_seen_at, changed_at, vm_count, point_count)
    SELECT %(server)s, s.uuid, s.type, s.name, s.sort_key, s.job_id, s.policy_id, s.platform, s.platform_id,
           s.created_at, s.state, s.search, %(now)s, %(now)s, 0, 0
    FROM newest_replica s
    WHERE NOT EXISTS (SELECT FROM replica r WHERE r.server_id = %(server)s AND r.uuid = s.uuid)
    ORDER BY s.seq
    RETURNING server_id, id, state
)
INSERT INTO event (server_id, replica_id, run_id, kind, at, old, new)
SELECT server_id, id, %(run)s, %(appeared)s, %(now)s, '', state FROM added
"""

REMOVED_REPLICA_EVENTS: LiteralString = """
INSERT INTO event (server_id, replica_id, run_id, kind, at, old, new)
SELECT r.server_id, r.id, %(run)s, %(removed)s, %(now)s, r.state, ''
FROM replica r
WHERE r.server_id = %(server)s AND r.removed_at IS NULL
  AND NOT EXISTS (SELECT FROM newest_replica s WHERE s.uuid = r.uuid)
"""

REMOVE_REPLICAS: LiteralString = """
UPDATE replica r SET removed_at = %(now)s, changed_at = %(now)s
WHERE r.server_id = %(server)s AND r.removed_at IS NULL
  AND NOT EXISTS (SELECT FROM newest_replica s WHERE s.uuid = r.uuid)
"""

NEWEST_POINTS: LiteralString = """
CREATE TEMPORARY TABLE newest_point ON COMMIT DROP AS
SELECT DISTINCT ON (p.uuid) p.*, r.id AS replica_id
FROM staged_point p
LEFT JOIN replica r ON r.server_id = %(server)s AND r.uuid = p.replica_uuid
ORDER BY p.uuid, p.seq DESC
"""

UNKNOWN_VMS: LiteralString = """
SELECT p.replica_id, p.name FROM newest_point p
WHERE p.replica_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM replica_vm v WHERE v.replica_id = p.replica_id AND v.name = p.name)
GROUP BY p.replica_id, p.name
ORDER BY p.replica_id, p.name
"""

NAMED_POINTS: LiteralString = """
CREATE TEMPORARY TABLE named_point ON COMMIT DROP AS
SELECT p.*, v.id AS vm_id
FROM newest_point p JOIN replica_vm v ON v.replica_id = p.replica_id AND v.name = p.name
"""

UPDATE_POINTS: LiteralString = """
UPDATE restore_point p
SET vm_id = n.vm_id, replica_id = n.replica_id, created_at = n.created_at, state = n.state, malware = n.malware,
    platform = n.platform, platform_id = n.platform_id, operations = n.operations, removed_at = NULL
FROM named_point n
WHERE p.server_id = %(server)s AND p.uuid = n.uuid
  AND (p.vm_id, p.replica_id, p.created_at, p.state, p.malware, p.platform, p.platform_id, p.operations, p.removed_at)
      IS DISTINCT FROM
      (n.vm_id, n.replica_id, n.created_at, n.state, n.malware, n.platform, n.platform_id, n.operations,
       NULL::timestamptz)
"""

INSERT_POINTS: LiteralString = """
INSERT INTO restore_point (server_id, replica_id, vm_id, uuid, created_at, state, malware, platform, platform_id,
                           operations, first_seen_at)
SELECT %(server)s, n.replica_id, n.vm_id, n.uuid, n.created_at, n.state, n.malware, n.platform, n.platform_id,
       n.operations, %(now)s
FROM named_point n
WHERE NOT EXISTS (SELECT FROM restore_point p WHERE p.server_id = %(server)s AND p.uuid = n.uuid)
ORDER BY n.seq
"""

REMOVE_POINTS: LiteralString = """
UPDATE restore_point p SET removed_at = %(now)s
WHERE p.server_id = %(server)s AND p.removed_at IS NULL
  AND NOT EXISTS (SELECT FROM newest_point n WHERE n.uuid = p.uuid)
"""
