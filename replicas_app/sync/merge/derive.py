"""What is worked out from the points: counts, newest points, malware, the seven-day strip, per VM and per replica.

Only for the VMs whose points are others than before, and only rows whose figures are not what they were are written.
That a VM has its first point, or lost its last, shows here.
"""

from typing import LiteralString

from replicas_app.choices import MALWARE_SEVERITY, UNKNOWN_MALWARE_SEVERITY
from replicas_app.models.inventory import CODES_PER_MINUTE, MALWARE_CODES, RECENT_DAYS
from replicas_app.sync.merge.statements import Statements

UNKNOWN_CODE = MALWARE_CODES.index("Informative")


def derive(statements: Statements) -> None:
    """Bring the figures of the VMs in `touched_vm`, and of their replicas, in line with their points.

    VMs in `new_vm` get their rows; the figures of the replicas are left in `replica_figures` for those without one.
    """
    derive_nothing(statements)
    statements.run("ANALYZE touched_vm")
    statements.run(VM_FIGURES, **FACTS)
    statements.run(VM_EVENTS)
    statements.run(UPDATE_VMS)
    statements.run(INSERT_VMS)
    statements.run(REPLICA_FIGURES, **FACTS)
    statements.run(UPDATE_REPLICAS)


def derive_nothing(statements: Statements) -> None:
    """Where no point is another than before: no replica has new figures."""
    statements.run(NO_FIGURES)


FACTS = {
    "clean": "Clean",
    "statuses": list(MALWARE_SEVERITY),
    "severities": list(MALWARE_SEVERITY.values()),
    "unknown_severity": UNKNOWN_MALWARE_SEVERITY,
    "most_severe": max(MALWARE_SEVERITY.values()),
    "codes": list(MALWARE_CODES),
    "unknown_code": UNKNOWN_CODE,
    "per_minute": CODES_PER_MINUTE,
    "recent": f"{RECENT_DAYS} days",
}

VM_FIGURES: LiteralString = """
CREATE TEMPORARY TABLE vm_figures ON COMMIT DROP AS
WITH judged AS (
    SELECT p.id, p.vm_id, p.created_at, p.state, p.malware,
           coalesce((%(severities)s::int[])[array_position(%(statuses)s::text[], p.malware)], %(unknown_severity)s)
               AS severity,
           max(p.created_at) OVER (
               PARTITION BY p.vm_id ORDER BY p.created_at, p.id
               ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
           ) AS newest
    FROM restore_point p
    WHERE p.vm_id IN (SELECT vm_id FROM touched_vm) AND p.removed_at IS NULL
)
SELECT vm_id, count(*)::int AS points, min(created_at) AS oldest, max(created_at) AS newest,
       max(created_at) FILTER (WHERE malware = %(clean)s) AS newest_clean,
       substr(min((%(most_severe)s - severity || malware) COLLATE "C"), 2) AS worst,
       (array_agg(state ORDER BY created_at, id))[count(*)] AS newest_state,
       (array_agg(malware ORDER BY created_at, id))[count(*)] AS newest_malware,
       array_agg(
           floor(date_part('epoch', created_at) / 60)::int * %(per_minute)s
               + coalesce(array_position(%(codes)s::text[], malware) - 1, %(unknown_code)s)
           ORDER BY created_at, id
       ) FILTER (WHERE created_at > newest - %(recent)s::interval
                   AND created_at BETWEEN '1970-01-01' AND '2100-01-01') AS recent
FROM judged
GROUP BY vm_id
"""
"""All by one sort. `worst` is the text behind the smallest digit, which stands for the most severe status."""

VM_EVENTS: LiteralString = """
INSERT INTO event (server_id, replica_id, vm_id, run_id, kind, at, old, new)
SELECT %(server)s, v.replica_id, v.id, %(run)s, k.kind, %(now)s, k.old, k.new
FROM (SELECT DISTINCT vm_id FROM touched_vm) t
JOIN (
    SELECT id, replica_id, point_count, newest_point_at FROM replica_vm
    UNION ALL SELECT id, replica_id, 0, NULL FROM new_vm
) v ON v.id = t.vm_id
LEFT JOIN vm_figures f ON f.vm_id = v.id
CROSS JOIN LATERAL (VALUES
    (%(first_point)s, '', to_char(f.oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
     v.point_count = 0 AND f.points > 0),
    (%(last_point)s, to_char(v.newest_point_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), '',
     v.point_count > 0 AND f.points IS NULL)
) AS k (kind, old, new, happened)
WHERE k.happened
ORDER BY v.id
"""

UPDATE_VMS: LiteralString = """
UPDATE replica_vm v
SET point_count = coalesce(f.points, 0), oldest_point_at = f.oldest, newest_point_at = f.newest,
    newest_clean_at = f.newest_clean, worst_malware = f.worst, newest_state = coalesce(f.newest_state, ''),
    newest_malware = f.newest_malware, recent = coalesce(f.recent, '{}')
FROM (SELECT DISTINCT vm_id FROM touched_vm) t LEFT JOIN vm_figures f ON f.vm_id = t.vm_id
WHERE v.id = t.vm_id
  AND (v.point_count, v.oldest_point_at, v.newest_point_at, v.newest_clean_at, v.worst_malware, v.newest_state,
       v.newest_malware, v.recent)
      IS DISTINCT FROM
      (coalesce(f.points, 0), f.oldest, f.newest, f.newest_clean, f.worst, coalesce(f.newest_state, ''),
       f.newest_malware, coalesce(f.recent, '{}'))
"""

INSERT_VMS: LiteralString = """
INSERT INTO replica_vm (id, server_id, replica_id, name, sort_key, search, first_seen_at, point_count, oldest_point_at,
                        newest_point_at, newest_state, newest_malware, newest_clean_at, worst_malware, recent)
SELECT n.id, %(server)s, n.replica_id, n.name, n.sort_key, n.search, %(now)s, f.points, f.oldest, f.newest,
       f.newest_state, f.newest_malware, f.newest_clean, f.worst, coalesce(f.recent, '{}')
FROM new_vm n JOIN vm_figures f ON f.vm_id = n.id
ORDER BY n.id
"""

NO_FIGURES: LiteralString = """
CREATE TEMPORARY TABLE replica_figures (
    replica_id bigint, vms int, points int, oldest timestamptz, newest timestamptz, worst text
) ON COMMIT DROP
"""

REPLICA_FIGURES: LiteralString = """
INSERT INTO replica_figures
WITH touched AS MATERIALIZED (
    SELECT DISTINCT v.replica_id FROM replica_vm v JOIN touched_vm t ON t.vm_id = v.id
), judged AS (
    SELECT v.replica_id, v.point_count, v.oldest_point_at, v.newest_point_at, v.worst_malware,
           coalesce((%(severities)s::int[])[array_position(%(statuses)s::text[], v.worst_malware)],
                    %(unknown_severity)s) AS severity
    FROM touched t JOIN replica_vm v ON v.replica_id = t.replica_id AND v.point_count > 0
), figures AS (
    SELECT replica_id, count(*)::int AS vms, sum(point_count)::int AS points, min(oldest_point_at) AS oldest,
           max(newest_point_at) AS newest, (array_agg(worst_malware ORDER BY severity DESC, worst_malware))[1] AS worst
    FROM judged
    GROUP BY replica_id
)
SELECT t.replica_id, coalesce(f.vms, 0) AS vms, coalesce(f.points, 0) AS points, f.oldest, f.newest, f.worst
FROM touched t LEFT JOIN figures f ON f.replica_id = t.replica_id
"""

UPDATE_REPLICAS: LiteralString = """
UPDATE replica r
SET vm_count = f.vms, point_count = f.points, oldest_point_at = f.oldest, newest_point_at = f.newest,
    worst_malware = f.worst
FROM replica_figures f
WHERE r.id = f.replica_id
  AND (r.vm_count, r.point_count, r.oldest_point_at, r.newest_point_at, r.worst_malware)
      IS DISTINCT FROM (f.vms, f.points, f.oldest, f.newest, f.worst)
"""
