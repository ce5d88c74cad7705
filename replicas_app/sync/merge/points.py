"""Restore points, and the VMs that are known by them alone."""

from collections.abc import Iterable
from typing import LiteralString

from django.db import connection

from replicas_app.sync.lines import escaped
from replicas_app.sync.merge.counts import Counts
from replicas_app.sync.merge.statements import Statements
from replicas_app.text import search_lines, sort_key

NEW_VMS_AT_ONCE = 5000


def merge_points(statements: Statements, counts: Counts, *, is_whole: bool) -> None:
    """Leaves `touched_vm`, the VMs whose points are others than before, and `new_vm`, those that have no row yet."""
    statements.run(TABLES)
    _name_new_vms(statements)
    statements.run(CHANGED)
    statements.run(EVENTS)
    counts.points_changed = statements.run(UPDATE)
    counts.points_added = statements.count(INSERT)
    came = statements.count(CAME)
    counts.orphans = came - statements.count(STORED)
    counts.points_unchanged = came - counts.orphans - counts.points_changed - counts.points_added
    if not is_whole:
        counts.points_removed = statements.count(REMOVE_OF_WHOLE_REPLICAS)
    elif statements.count(HELD) != counts.points_unchanged + statements.count(STAYED):
        counts.points_removed = statements.count(REMOVE_ABSENT)


def _name_new_vms(statements: Statements) -> None:
    """The VMs that no sync has seen before; their sort keys are worked out here, in Python."""
    with connection.cursor() as cursor:
        cursor.execute(UNKNOWN_VMS, statements.values)
        while found := cursor.fetchmany(NEW_VMS_AT_ONCE):
            _copy_vms(found)


def _copy_vms(found: Iterable[tuple[int, str]]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY_VMS) as copy:
        copy.write("".join(_vm_line(replica_id, name) for replica_id, name in found))


def _vm_line(replica_id: int, name: str) -> str:
    return "\t".join([str(replica_id), *map(escaped, (name, sort_key(name), search_lines(name)))]) + "\n"


TABLES: LiteralString = """
CREATE TEMPORARY TABLE touched_vm (vm_id bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_vm (
    id bigint DEFAULT nextval(pg_get_serial_sequence('replica_vm', 'id')), replica_id bigint, name text, sort_key text,
    search text
) ON COMMIT DROP;
CREATE TEMPORARY VIEW every_vm AS
SELECT id, replica_id, name FROM replica_vm WHERE server_id = %(server)s
UNION ALL SELECT id, replica_id, name FROM new_vm
"""

COPY_VMS: LiteralString = "COPY new_vm (replica_id, name, sort_key, search) FROM STDIN"

UNKNOWN_VMS: LiteralString = """
SELECT r.id, s.name
FROM staged_point s JOIN every_replica r ON r.uuid = s.replica_uuid
WHERE NOT EXISTS (SELECT FROM replica_vm v WHERE v.replica_id = r.id AND v.name = s.name)
GROUP BY r.id, s.name
ORDER BY r.id, s.name
"""

CHANGED: LiteralString = """
CREATE TEMPORARY TABLE changed_point ON COMMIT DROP AS
SELECT s.*, v.replica_id, v.id AS vm_id, p.id AS point_id, p.vm_id AS old_vm_id, p.state AS old_state,
       p.malware AS old_malware, p.removed_at AS gone_at
FROM staged_point s
JOIN restore_point p ON p.server_id = %(server)s AND p.uuid = s.uuid
JOIN every_replica r ON r.uuid = s.replica_uuid
JOIN every_vm v ON v.replica_id = r.id AND v.name = s.name
WHERE (p.vm_id, p.created_at, p.state, p.malware, p.platform, p.platform_id, p.operations, p.removed_at)
      IS DISTINCT FROM
      (v.id, s.created_at, s.state, s.malware, s.platform, s.platform_id, s.operations, NULL::timestamptz)
"""

EVENTS: LiteralString = """
INSERT INTO event (server_id, replica_id, vm_id, point_id, run_id, kind, at, old, new)
SELECT %(server)s, c.replica_id, c.vm_id, c.point_id, %(run)s, k.kind, %(now)s, k.old, k.new
FROM changed_point c
CROSS JOIN LATERAL (VALUES
    (%(reappeared)s, to_char(c.gone_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), '',
     c.gone_at IS NOT NULL),
    (%(state)s, c.old_state, c.state, c.old_state <> c.state),
    (%(malware)s, c.old_malware, c.malware, c.old_malware <> c.malware)
) AS k (kind, old, new, happened)
WHERE k.happened
ORDER BY c.seq, k.kind
"""

UPDATE: LiteralString = """
WITH noted AS (
    INSERT INTO touched_vm SELECT vm_id FROM changed_point UNION SELECT old_vm_id FROM changed_point
)
UPDATE restore_point p
SET vm_id = c.vm_id, replica_id = c.replica_id, created_at = c.created_at, state = c.state, malware = c.malware,
    platform = c.platform, platform_id = c.platform_id, operations = c.operations, removed_at = NULL
FROM changed_point c
WHERE p.id = c.point_id
"""

INSERT: LiteralString = """
WITH added AS (
    INSERT INTO restore_point (server_id, replica_id, vm_id, uuid, created_at, state, malware, platform, platform_id,
                               operations, first_seen_at)
    SELECT %(server)s, v.replica_id, v.id, s.uuid, s.created_at, s.state, s.malware, s.platform, s.platform_id,
           s.operations, %(now)s
    FROM staged_point s
    JOIN every_replica r ON r.uuid = s.replica_uuid
    JOIN every_vm v ON v.replica_id = r.id AND v.name = s.name
    WHERE NOT EXISTS (SELECT FROM restore_point p WHERE p.server_id = %(server)s AND p.uuid = s.uuid)
    RETURNING vm_id
), noted AS (
    INSERT INTO touched_vm SELECT DISTINCT vm_id FROM added
)
SELECT count(*) FROM added
"""

REMOVE_ABSENT: LiteralString = """
WITH gone AS (
    UPDATE restore_point p SET removed_at = %(now)s
    WHERE p.server_id = %(server)s AND p.removed_at IS NULL
      AND NOT EXISTS (SELECT FROM staged_point s WHERE s.uuid = p.uuid)
      AND NOT EXISTS (SELECT FROM known_point k WHERE k.uuid = p.uuid)
    RETURNING p.vm_id
), noted AS (
    INSERT INTO touched_vm SELECT DISTINCT vm_id FROM gone
)
SELECT count(*) FROM gone
"""

REMOVE_OF_WHOLE_REPLICAS: LiteralString = """
WITH gone AS (
    UPDATE restore_point p SET removed_at = %(now)s
    FROM whole_replica w JOIN replica r ON r.server_id = %(server)s AND r.uuid = w.uuid
    WHERE p.replica_id = r.id AND p.removed_at IS NULL
      AND NOT EXISTS (SELECT FROM staged_point s WHERE s.uuid = p.uuid)
    RETURNING p.vm_id
), noted AS (
    INSERT INTO touched_vm SELECT DISTINCT vm_id FROM gone
)
SELECT count(*) FROM gone
"""

CAME: LiteralString = "SELECT (SELECT count(*) FROM staged_point) + (SELECT count(*) FROM known_point)"

STORED: LiteralString = """
SELECT (SELECT count(*) FROM staged_point s JOIN every_replica r ON r.uuid = s.replica_uuid)
    + (SELECT count(*) FROM known_point)
"""

HELD: LiteralString = "SELECT coalesce(sum(point_count), 0)::bigint FROM replica WHERE server_id = %(server)s"
"""How many points were present before this merge: what is derived is brought up to date after it."""

STAYED: LiteralString = "SELECT count(*) FROM changed_point WHERE gone_at IS NULL"
"""Of those that changed, the ones that were present before."""
