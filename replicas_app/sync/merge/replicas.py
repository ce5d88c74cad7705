"""Replicas: what is staged of them against what we hold."""

from typing import LiteralString

from replicas_app.sync.merge.counts import Counts
from replicas_app.sync.merge.statements import Statements


def merge_known(statements: Statements, counts: Counts) -> None:
    """The replicas that have a row. A new one gets its key here (`new_replica`), its row when its figures are known."""
    statements.run(FORGET_TWINS)
    statements.run(NEW)
    statements.run(EVENTS)
    counts.replicas_changed = statements.run(UPDATE)


def mark_removed(statements: Statements, counts: Counts) -> None:
    """All that is neither staged nor known to be listed."""
    statements.run(REMOVED_EVENTS)
    counts.replicas_removed = statements.run(REMOVE)


def add_new(statements: Statements, counts: Counts) -> None:
    """The rows of the new ones, with the figures of their VMs (`replica_figures`)."""
    counts.replicas_added = statements.run(INSERT)
    statements.run(APPEARED_EVENTS)
    counts.replicas_unchanged = statements.count(CAME) - counts.replicas_changed - counts.replicas_added


FORGET_TWINS: LiteralString = """
DELETE FROM staged_replica s USING staged_replica later WHERE later.uuid = s.uuid AND later.seq > s.seq;
DELETE FROM known_replica k USING staged_replica s WHERE s.uuid = k.uuid
"""
"""Of a replica that came more than once what came last counts."""

NEW: LiteralString = """
CREATE TEMPORARY TABLE new_replica ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('replica', 'id')) AS id, s.uuid
FROM (
    SELECT uuid FROM staged_replica s
    WHERE NOT EXISTS (SELECT FROM replica r WHERE r.server_id = %(server)s AND r.uuid = s.uuid)
    ORDER BY seq
) AS s;
CREATE TEMPORARY VIEW every_replica AS
SELECT id, uuid FROM replica WHERE server_id = %(server)s
UNION ALL SELECT id, uuid FROM new_replica
"""
"""Both go with the transaction."""

CAME: LiteralString = "SELECT (SELECT count(*) FROM staged_replica) + (SELECT count(*) FROM known_replica)"

EVENTS: LiteralString = """
INSERT INTO event (server_id, replica_id, run_id, kind, at, old, new)
SELECT r.server_id, r.id, %(run)s, k.kind, %(now)s, k.old, k.new
FROM replica r
JOIN staged_replica s ON s.uuid = r.uuid
CROSS JOIN LATERAL (VALUES
    (%(reappeared)s, '', s.state, r.removed_at IS NOT NULL),
    (%(state)s, r.state, s.state, r.removed_at IS NULL AND r.state <> s.state)
) AS k (kind, old, new, happened)
WHERE r.server_id = %(server)s AND k.happened
"""

UPDATE: LiteralString = """
UPDATE replica r
SET type = s.type, name = s.name, sort_key = s.sort_key, job_id = s.job_id, policy_id = s.policy_id,
    platform = s.platform, platform_id = s.platform_id, created_at = s.created_at, state = s.state, search = s.search,
    changed_at = %(now)s, removed_at = NULL
FROM staged_replica s
WHERE r.server_id = %(server)s AND r.uuid = s.uuid
  AND (r.type, r.name, r.sort_key, r.job_id, r.policy_id, r.platform, r.platform_id, r.created_at, r.state, r.search,
       r.removed_at)
      IS DISTINCT FROM
      (s.type, s.name, s.sort_key, s.job_id, s.policy_id, s.platform, s.platform_id, s.created_at, s.state, s.search,
       NULL::timestamptz)
"""

INSERT: LiteralString = """
INSERT INTO replica (id, server_id, uuid, type, name, sort_key, job_id, policy_id, platform, platform_id, created_at,
                     state, search, first_seen_at, changed_at, vm_count, point_count, oldest_point_at, newest_point_at,
                     worst_malware)
SELECT n.id, %(server)s, s.uuid, s.type, s.name, s.sort_key, s.job_id, s.policy_id, s.platform, s.platform_id,
       s.created_at, s.state, s.search, %(now)s, %(now)s, coalesce(f.vms, 0), coalesce(f.points, 0), f.oldest, f.newest,
       f.worst
FROM new_replica n JOIN staged_replica s ON s.uuid = n.uuid LEFT JOIN replica_figures f ON f.replica_id = n.id
ORDER BY n.id
"""

APPEARED_EVENTS: LiteralString = """
INSERT INTO event (server_id, replica_id, run_id, kind, at, old, new)
SELECT %(server)s, n.id, %(run)s, %(appeared)s, %(now)s, '', s.state
FROM new_replica n JOIN staged_replica s ON s.uuid = n.uuid ORDER BY n.id
"""

REMOVED_EVENTS: LiteralString = """
INSERT INTO event (server_id, replica_id, run_id, kind, at, old, new)
SELECT r.server_id, r.id, %(run)s, %(removed)s, %(now)s, r.state, ''
FROM replica r
WHERE r.server_id = %(server)s AND r.removed_at IS NULL
  AND NOT EXISTS (SELECT FROM staged_replica s WHERE s.uuid = r.uuid)
  AND NOT EXISTS (SELECT FROM known_replica k WHERE k.uuid = r.uuid)
"""

REMOVE: LiteralString = """
UPDATE replica r SET removed_at = %(now)s, changed_at = %(now)s
WHERE r.server_id = %(server)s AND r.removed_at IS NULL
  AND NOT EXISTS (SELECT FROM staged_replica s WHERE s.uuid = r.uuid)
  AND NOT EXISTS (SELECT FROM known_replica k WHERE k.uuid = r.uuid)
"""
