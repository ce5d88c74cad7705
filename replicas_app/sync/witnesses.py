"""Points that we hold and that must come with the new ones: they tell whether a server takes times as we do.

One that takes those of a filter for others, by its zone, say, lists nothing of the last minutes; and where retention
drops a point for each new one, its count of all points tells nothing.
"""

from datetime import datetime, timedelta
from typing import LiteralString

from replicas_app.models import BackupServer
from replicas_app.sync import stage

REPLICAS = 3
"""The newest point may be gone, or in another state: so many replicas' newest ones are asked for, and one is enough."""
FEW_POINTS = 200
"""So many points may come only to be witnesses: real servers list slowly."""
LONGEST = timedelta(hours=24)
"""A server that has made no point for longer gives no witness."""


def begin(server: BackupServer) -> datetime | None:
    """Since when points are asked for, so that some come that we hold; None where there are none, or too many."""
    found = stage.rows(BEGIN, [server.pk, server.watermark - LONGEST, server.watermark, REPLICAS])
    moment: datetime | None = found[0][0]
    if moment is None or stage.rows(MANY, [server.pk, moment, FEW_POINTS])[0][0]:
        return None
    return moment


def has_come(server: BackupServer) -> bool:
    """Whether a point came that we hold, and that was created before the last read."""
    return stage.rows(HAS_COME, [server.pk, server.watermark])[0][0]


BEGIN: LiteralString = """
SELECT min(newest_point_at) FROM (
    SELECT newest_point_at FROM replica
    WHERE server_id = %s AND removed_at IS NULL AND newest_point_at BETWEEN %s AND %s
    ORDER BY newest_point_at DESC LIMIT %s
) AS newest
"""

MANY: LiteralString = """
SELECT EXISTS (
    SELECT FROM restore_point WHERE server_id = %s AND created_at >= %s AND removed_at IS NULL OFFSET %s
)
"""

HAS_COME: LiteralString = """
SELECT EXISTS (
    SELECT FROM (SELECT uuid FROM came_point UNION ALL SELECT uuid FROM staged_point) AS came
    CROSS JOIN LATERAL (
        SELECT FROM restore_point p
        WHERE p.server_id = %s AND p.uuid = came.uuid AND p.removed_at IS NULL AND p.created_at <= %s LIMIT 1
    ) AS held
)
"""
