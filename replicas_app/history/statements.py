"""The SQL behind a past inventory: what was there at `at`, by undoing the events after it over the rows of today."""

from typing import LiteralString

POINT_THEN: LiteralString = """
later_of_point AS (
    SELECT point_id,
           (array_agg(old ORDER BY at, id) FILTER (WHERE kind = %(state)s))[1] AS state,
           (array_agg(old ORDER BY at, id) FILTER (WHERE kind = %(malware)s))[1] AS malware,
           bool_or(CASE kind WHEN %(reappeared)s THEN old::timestamptz <= %(at)s ELSE false END) AS was_gone
    FROM event
    WHERE server_id = %(server)s AND at > %(at)s AND point_id IS NOT NULL
    GROUP BY point_id
), point_then AS (
    SELECT p.id, p.uuid, p.replica_id, p.vm_id, p.created_at,
           coalesce(l.state, p.state) AS state, coalesce(l.malware, p.malware) AS malware
    FROM restore_point p LEFT JOIN later_of_point l ON l.point_id = p.id
    WHERE p.server_id = %(server)s AND p.first_seen_at <= %(at)s
      AND (p.removed_at IS NULL OR p.removed_at > %(at)s) AND l.was_gone IS NOT TRUE
)
"""
"""The first change of a value after the instant tells what it was before. A point that came back bears in that event
since when it had been gone."""

JUDGED_THEN: LiteralString = """
judged AS (
    SELECT *, coalesce((%(severities)s::int[])[array_position(%(statuses)s::text[], malware)], %(unknown_severity)s)
                  AS severity
    FROM point_then
)
"""

POINTS: LiteralString = f"""
WITH {POINT_THEN}
SELECT p.uuid, r.uuid, v.name, p.created_at, p.state, p.malware
FROM point_then p JOIN replica r ON r.id = p.replica_id JOIN replica_vm v ON v.id = p.vm_id
ORDER BY p.id
"""  # noqa: S608  of constants

VMS: LiteralString = f"""
WITH {POINT_THEN}, {JUDGED_THEN}, figures AS (
    SELECT vm_id, count(*) AS points, max(created_at) AS newest,
           max(created_at) FILTER (WHERE malware = %(clean)s) AS newest_clean,
           (array_agg(malware ORDER BY severity DESC, malware))[1] AS worst,
           (array_agg(state ORDER BY created_at DESC, id DESC))[1] AS state,
           (array_agg(malware ORDER BY created_at DESC, id DESC))[1] AS malware
    FROM judged
    GROUP BY vm_id
)
SELECT v.id, v.name, r.uuid, r.name, f.state, f.malware, f.worst, f.points, f.newest, f.newest_clean
FROM figures f JOIN replica_vm v ON v.id = f.vm_id JOIN replica r ON r.id = v.replica_id
ORDER BY v.sort_key, v.id
"""  # noqa: S608  of constants

REPLICAS: LiteralString = f"""
WITH {POINT_THEN}, {JUDGED_THEN}, figures AS (
    SELECT replica_id, count(DISTINCT vm_id) AS vms, count(*) AS points, max(created_at) AS newest,
           (array_agg(malware ORDER BY severity DESC, malware))[1] AS worst
    FROM judged
    GROUP BY replica_id
), next_of_replica AS (
    SELECT DISTINCT ON (replica_id) replica_id, kind, old
    FROM event
    WHERE server_id = %(server)s AND at > %(at)s AND vm_id IS NULL
    ORDER BY replica_id, at, id
)
SELECT r.uuid, r.name, r.type, r.platform, CASE WHEN n.kind IS NULL THEN r.state ELSE n.old END, f.worst,
       coalesce(f.vms, 0), coalesce(f.points, 0), f.newest
FROM replica r
LEFT JOIN next_of_replica n ON n.replica_id = r.id
LEFT JOIN figures f ON f.replica_id = r.id
WHERE r.server_id = %(server)s AND r.first_seen_at <= %(at)s
  AND CASE WHEN n.kind IS NULL THEN r.removed_at IS NULL OR r.removed_at > %(at)s
           ELSE n.kind IN (%(state)s, %(removed)s) END
ORDER BY r.sort_key, r.id
"""  # noqa: S608  of constants
"""What happens to a replica next tells how it was: it changed from its state, went away in it, or was not there."""
