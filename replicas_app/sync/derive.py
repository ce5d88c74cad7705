"""What is worked out from the points: counts, newest points, malware, the seven-day strip, per VM and per replica.

Runs in the transaction that changed the points, and writes only the rows whose figures are not what they were.
"""

from typing import LiteralString

from django.db import connection

from replicas_app.choices import MALWARE_SEVERITY, UNKNOWN_MALWARE_SEVERITY
from replicas_app.models.inventory import CODES_PER_MINUTE, MALWARE_CODES, RECENT_DAYS

UNKNOWN_CODE = MALWARE_CODES.index("Informative")


def derive(server_id: int) -> None:
    """Bring the derived columns of this server's VMs and replicas in line with its points."""
    with connection.cursor() as cursor:
        for statement in (DERIVE_VMS, DERIVE_REPLICAS):
            cursor.execute(statement, FACTS | {"server": server_id})


FACTS = {
    "clean": "Clean",
    "statuses": list(MALWARE_SEVERITY),
    "severities": list(MALWARE_SEVERITY.values()),
    "unknown_severity": UNKNOWN_MALWARE_SEVERITY,
    "codes": list(MALWARE_CODES),
    "unknown_code": UNKNOWN_CODE,
    "per_minute": CODES_PER_MINUTE,
    "recent": f"{RECENT_DAYS} days",
}

DERIVE_VMS: LiteralString = """
WITH judged AS (
    SELECT p.*,
           coalesce((%(severities)s::int[])[array_position(%(statuses)s::text[], p.malware)], %(unknown_severity)s)
               AS severity,
           max(p.created_at) OVER (PARTITION BY p.vm_id) AS newest
    FROM restore_point p
    WHERE p.server_id = %(server)s AND p.removed_at IS NULL
), figures AS MATERIALIZED (
    SELECT vm_id, count(*) AS points, min(created_at) AS oldest, max(created_at) AS newest,
           max(created_at) FILTER (WHERE malware = %(clean)s) AS newest_clean,
           (array_agg(malware ORDER BY severity DESC, malware))[1] AS worst,
           (array_agg(state ORDER BY created_at DESC, id DESC))[1] AS newest_state,
           (array_agg(malware ORDER BY created_at DESC, id DESC))[1] AS newest_malware,
           array_agg(
               floor(extract(epoch FROM created_at) / 60)::int * %(per_minute)s
                   + coalesce(array_position(%(codes)s::text[], malware) - 1, %(unknown_code)s)
               ORDER BY created_at, id
           ) FILTER (WHERE created_at > newest - %(recent)s::interval
                       AND created_at BETWEEN '1970-01-01' AND '2100-01-01') AS recent
    FROM judged
    GROUP BY vm_id
)
UPDATE replica_vm v
SET point_count = coalesce(f.points, 0), oldest_point_at = f.oldest, newest_point_at = f.newest,
    newest_clean_at = f.newest_clean, worst_malware = f.worst, newest_state = coalesce(f.newest_state, ''),
    newest_malware = f.newest_malware, recent = coalesce(f.recent, '{}')
FROM replica_vm every LEFT JOIN figures f ON f.vm_id = every.id
WHERE every.server_id = %(server)s AND v.id = every.id
  AND (v.point_count, v.oldest_point_at, v.newest_point_at, v.newest_clean_at, v.worst_malware, v.newest_state,
       v.newest_malware, v.recent)
      IS DISTINCT FROM
      (coalesce(f.points, 0)::int, f.oldest, f.newest, f.newest_clean, f.worst, coalesce(f.newest_state, ''),
       f.newest_malware, coalesce(f.recent, '{}'))
"""

DERIVE_REPLICAS: LiteralString = """
WITH judged AS (
    SELECT v.*,
           coalesce((%(severities)s::int[])[array_position(%(statuses)s::text[], v.worst_malware)],
                    %(unknown_severity)s) AS severity
    FROM replica_vm v
    WHERE v.server_id = %(server)s AND v.point_count > 0
), figures AS MATERIALIZED (
    SELECT replica_id, count(*) AS vms, sum(point_count) AS points, min(oldest_point_at) AS oldest,
           max(newest_point_at) AS newest, (array_agg(worst_malware ORDER BY severity DESC, worst_malware))[1] AS worst
    FROM judged
    GROUP BY replica_id
)
UPDATE replica r
SET vm_count = coalesce(f.vms, 0), point_count = coalesce(f.points, 0), oldest_point_at = f.oldest,
    newest_point_at = f.newest, worst_malware = f.worst
FROM replica every LEFT JOIN figures f ON f.replica_id = every.id
WHERE every.server_id = %(server)s AND r.id = every.id
  AND (r.vm_count, r.point_count, r.oldest_point_at, r.newest_point_at, r.worst_malware)
      IS DISTINCT FROM (coalesce(f.vms, 0)::int, coalesce(f.points, 0)::int, f.oldest, f.newest, f.worst)
"""
