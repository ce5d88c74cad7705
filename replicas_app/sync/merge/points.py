"""Restore points, and the VMs that are known by them alone."""

from collections.abc import Iterable
from typing import LiteralString

from django.db import connection

from replicas_app.sync.binary import bigint, columns, copied, text
from replicas_app.sync.merge.counts import Counts
from replicas_app.sync.merge.statements import Statements
from replicas_app.text import search_lines, sort_key

NEW_VMS_AT_ONCE = 5000


def begin(statements: Statements) -> None:
    """`touched_vm`: the VMs whose points are others than before; `new_vm`: those that have no row yet."""
    statements.run(TABLES)


def take(statements: Statements, counts: Counts) -> None:
    """Merge the points that are staged now; their ids stay in `came_point`."""
    statements.run(LOOK_OVER)
    if statements.count(TWINS):
        statements.run(FORGET_TWINS)
    _name_new_vms(statements)
    if found := statements.run(RESOLVE):
        if changed := statements.count(COUNT_CHANGED):
            statements.run(EVENTS)
            counts.points_back += statements.count(COUNT_BACK)
            counts.points_changed += statements.run(UPDATE)
        if found > changed:
            counts.points_added += statements.run(INSERT)
        statements.run(NOTE_TOUCHED)
    counts.orphans += statements.count(ORPHANS)
    statements.run(TAKEN)


def mark_removed(statements: Statements, counts: Counts, *, is_whole: bool) -> None:
    """What did not come: of everything, or of what was read to its end."""
    came = statements.count(CAME) - counts.orphans
    counts.points_unchanged = max(0, came - counts.points_changed - counts.points_added)
    if not is_whole:
        counts.points_removed = statements.count(REMOVE_GONE)
    elif statements.count(HELD) + counts.points_back + counts.points_added != came:
        counts.points_removed = statements.count(REMOVE_ABSENT)


def _name_new_vms(statements: Statements) -> None:
    """The VMs that no sync has seen before; their sort keys are worked out here, in Python."""
    with connection.cursor() as cursor:
        cursor.execute(UNKNOWN_VMS, statements.values)
        while found := cursor.fetchmany(NEW_VMS_AT_ONCE):
            _copy_vms(found)


def _copy_vms(found: Iterable[tuple[int, str]]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY_VMS) as copy:
        copy.write(copied(VM_COLUMNS + bigint(replica_id) + vm_names(name) for replica_id, name in found))


def vm_names(name: str) -> bytes:
    """What a new VM is called, sorted and found by, for COPY."""
    return b"".join(map(text, (name, sort_key(name), search_lines(name))))


TABLES: LiteralString = """
CREATE TEMPORARY TABLE touched_vm (vm_id bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_vm (
    id bigint DEFAULT nextval(pg_get_serial_sequence('replica_vm', 'id')), replica_id bigint, name text, sort_key text,
    search text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE resolved_point (
    LIKE staged_point, replica_id bigint, vm_id bigint, point_id bigint, old_vm_id bigint, old_state text,
    old_malware text, gone_at timestamptz
) ON COMMIT DROP;
CREATE TEMPORARY VIEW every_vm AS
SELECT id, replica_id, name FROM replica_vm WHERE server_id = %(server)s
UNION ALL SELECT id, replica_id, name FROM new_vm
"""

LOOK_OVER: LiteralString = "ANALYZE staged_point (uuid, replica_uuid, name)"
"""Without it Postgres takes a few points for many, and sorts all VMs of the server to find theirs."""

TWINS: LiteralString = "SELECT count(*) - count(DISTINCT uuid) FROM staged_point"

FORGET_TWINS: LiteralString = """
DELETE FROM staged_point s USING staged_point later WHERE later.uuid = s.uuid AND later.seq > s.seq
"""

COPY_VMS: LiteralString = "COPY new_vm (replica_id, name, sort_key, search) FROM STDIN (FORMAT binary)"
VM_COLUMNS = columns(4)

UNKNOWN_VMS: LiteralString = """
SELECT r.id, s.name
FROM staged_point s JOIN every_replica r ON r.uuid = s.replica_uuid
WHERE NOT EXISTS (SELECT FROM every_vm v WHERE v.replica_id = r.id AND v.name = s.name)
GROUP BY r.id, s.name
ORDER BY r.id, s.name
"""

RESOLVE: LiteralString = """
INSERT INTO resolved_point
SELECT s.*, v.replica_id, v.id, p.id, p.vm_id, p.state, p.malware, p.removed_at
FROM staged_point s
JOIN every_replica r ON r.uuid = s.replica_uuid
JOIN every_vm v ON v.replica_id = r.id AND v.name = s.name
LEFT JOIN LATERAL (
    SELECT * FROM restore_point p WHERE p.server_id = %(server)s AND p.uuid = s.uuid LIMIT 1
) AS p ON true
WHERE (p.vm_id, p.created_at, p.state, p.malware, p.platform, p.platform_id, p.operations, p.removed_at)
      IS DISTINCT FROM
      (v.id, s.created_at, s.state, s.malware, s.platform, s.platform_id, s.operations, NULL::timestamptz)
"""
"""Those that are new, without a key, and those that differ. LIMIT keeps to one look into the index for each: a slice is
small beside all points, which Postgres would hash for each slice again."""

EVENTS: LiteralString = """
INSERT INTO event (server_id, replica_id, vm_id, point_id, run_id, kind, at, old, new)
SELECT %(server)s, c.replica_id, c.vm_id, c.point_id, %(run)s, k.kind, %(now)s, k.old, k.new
FROM resolved_point c
CROSS JOIN LATERAL (VALUES
    (%(reappeared)s, to_char(c.gone_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), '',
     c.gone_at IS NOT NULL),
    (%(state)s, c.old_state, c.state, c.old_state <> c.state),
    (%(malware)s, c.old_malware, c.malware, c.old_malware <> c.malware)
) AS k (kind, old, new, happened)
WHERE c.point_id IS NOT NULL AND k.happened
ORDER BY c.seq, k.kind
"""

UPDATE: LiteralString = """
UPDATE restore_point p
SET vm_id = c.vm_id, replica_id = c.replica_id, created_at = c.created_at, state = c.state, malware = c.malware,
    platform = c.platform, platform_id = c.platform_id, operations = c.operations, removed_at = NULL
FROM resolved_point c
WHERE p.id = c.point_id
"""

INSERT: LiteralString = """
INSERT INTO restore_point (server_id, replica_id, vm_id, uuid, created_at, state, malware, platform, platform_id,
                           operations, first_seen_at)
SELECT %(server)s, replica_id, vm_id, uuid, created_at, state, malware, platform, platform_id, operations, %(now)s
FROM resolved_point
WHERE point_id IS NULL
"""

NOTE_TOUCHED: LiteralString = """
INSERT INTO touched_vm SELECT DISTINCT vm_id FROM resolved_point;
INSERT INTO touched_vm SELECT DISTINCT old_vm_id FROM resolved_point WHERE old_vm_id <> vm_id;
TRUNCATE resolved_point
"""

ORPHANS: LiteralString = """
SELECT count(*) FROM staged_point s WHERE NOT EXISTS (SELECT FROM every_replica r WHERE r.uuid = s.replica_uuid)
"""

COUNT_CHANGED: LiteralString = "SELECT count(*) FROM resolved_point WHERE point_id IS NOT NULL"

COUNT_BACK: LiteralString = "SELECT count(*) FROM resolved_point WHERE gone_at IS NOT NULL"

TAKEN: LiteralString = "INSERT INTO came_point SELECT seq, uuid FROM staged_point; TRUNCATE staged_point"

CAME: LiteralString = """
SELECT count(*) FROM (SELECT uuid FROM came_point UNION SELECT uuid FROM known_point) AS every
"""

HELD: LiteralString = "SELECT coalesce(sum(point_count), 0)::bigint FROM replica WHERE server_id = %(server)s"
"""How many points were present before this merge: what is derived is brought up to date after it."""

REMOVE_ABSENT: LiteralString = """
WITH gone AS (
    UPDATE restore_point p SET removed_at = %(now)s
    WHERE p.server_id = %(server)s AND p.removed_at IS NULL
      AND NOT EXISTS (SELECT FROM came_point c WHERE c.uuid = p.uuid)
      AND NOT EXISTS (SELECT FROM known_point k WHERE k.uuid = p.uuid)
    RETURNING p.vm_id
), noted AS (
    INSERT INTO touched_vm SELECT DISTINCT vm_id FROM gone
)
SELECT count(*) FROM gone
"""

REMOVE_GONE: LiteralString = """
WITH gone AS (
    UPDATE restore_point p SET removed_at = %(now)s
    FROM gone_point g
    WHERE p.server_id = %(server)s AND p.uuid = g.uuid AND p.removed_at IS NULL
      AND NOT EXISTS (SELECT FROM came_point c WHERE c.uuid = p.uuid)
    RETURNING p.vm_id
), noted AS (
    INSERT INTO touched_vm SELECT DISTINCT vm_id FROM gone
)
SELECT count(*) FROM gone
"""
