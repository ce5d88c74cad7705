"""Before and after: how the replicas of a rescan were when the server was asked, and how they were read after its end.

Both are written by one statement each, for all replicas at once. "Before" is what the newest read had brought by then,
"after" is what stands here once a full sweep that began after the end has come through: a full sweep alone sees what
went. Between the two other reads may have come through, and jobs have made points: these count as changes, too, and
are told apart where that can be done.

What a read wrote carries a moment after the end of the read before it, since the reads of a server never overlap. So
the end of the newest read that "before" saw parts what it knew from what came later, however close they are.
"""

from datetime import timedelta
from typing import LiteralString

from django.db import connection, transaction

from replicas_app.choices import EventKind
from replicas_app.models import Rescan


def note_before(rescan: Rescan) -> None:
    """Write down how its replicas are. The caller's transaction also writes that the server is being asked."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE_BEFORE, {"rescan": rescan.pk})


def note_after(rescan: Rescan) -> None:
    """Write down how its replicas are now, and what is another than before: of each replica, and in sums.

    Done twice it says how they are the second time. The sums (`Rescan.changes`): `replicas` that changed,
    `replicas_gone`, `states` of replicas; `vms_gained`, `vms_lost`; `points_gained`, of these `points_made_since` the
    server was asked, `points_lost`, `points_restated`, `points_rejudged`.
    """
    skew = timedelta(seconds=rescan.server.clock_skew_seconds or 0)
    facts = {"rescan": rescan.pk, "asked": rescan.asked_at and rescan.asked_at + skew}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NOTE_AFTER, facts | KINDS)


KINDS = {
    "state": str(EventKind.STATE),
    "malware": str(EventKind.MALWARE),
    "reappeared": str(EventKind.REAPPEARED),
}

NOTE_BEFORE: LiteralString = """
WITH noted AS (
    UPDATE rescan SET
        changes_since = coalesce(
            (SELECT ended_at FROM sync_run WHERE server_id = s.id AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1),
            to_timestamp(0)
        ),
        events_since = (SELECT max(id) FROM event WHERE server_id = s.id),
        read_before_at = s.last_success_at,
        swept_before_at = s.last_full_at
    FROM backup_server s
    WHERE rescan.id = %(rescan)s AND s.id = rescan.server_id
)
UPDATE rescan_replica m SET
    state_before = r.state,
    malware_before = r.worst_malware,
    vms_before = ARRAY(SELECT id FROM replica_vm v WHERE v.replica_id = r.id AND v.point_count > 0 ORDER BY id),
    points_before = r.point_count,
    newest_before = r.newest_point_at
FROM replica r
WHERE m.rescan_id = %(rescan)s AND r.id = m.replica_id
"""

NOTE_AFTER: LiteralString = """
WITH asked AS (
    SELECT id, server_id, changes_since AS since, coalesce(events_since, 0) AS events_since
    FROM rescan WHERE id = %(rescan)s
    FOR UPDATE
), member AS (
    SELECT m.*, asked.since, asked.events_since
    FROM asked JOIN rescan_replica m ON m.rescan_id = asked.id
), change AS (
    SELECT e.id, e.replica_id, e.point_id, e.kind, e.old, e.new, member.since
    FROM member JOIN event e ON e.replica_id = member.replica_id AND e.id > member.events_since
    WHERE e.point_id IS NOT NULL AND e.kind IN (%(state)s, %(malware)s, %(reappeared)s)
), came_back AS (
    SELECT DISTINCT ON (point_id) point_id, nullif(old, '')::timestamptz <= since AS was_gone
    FROM change WHERE kind = %(reappeared)s
    ORDER BY point_id, id
), came_or_went AS (
    SELECT p.replica_id, p.created_at, p.removed_at IS NULL AS is_there,
           p.first_seen_at <= member.since AND NOT coalesce(b.was_gone, false) AS was_there
    FROM member JOIN restore_point p ON p.replica_id = member.replica_id
    LEFT JOIN came_back b ON b.point_id = p.id
    WHERE p.first_seen_at > member.since OR p.removed_at > member.since OR b.point_id IS NOT NULL
), moved AS (
    SELECT replica_id,
           count(*) FILTER (WHERE is_there AND NOT was_there) AS gained,
           count(*) FILTER (WHERE is_there AND NOT was_there AND created_at > %(asked)s) AS made_since,
           count(*) FILTER (WHERE was_there AND NOT is_there) AS lost
    FROM came_or_went GROUP BY replica_id
), ends AS (
    SELECT c.replica_id, c.kind,
           (array_agg(c.old ORDER BY c.id))[1] <> (array_agg(c.new ORDER BY c.id DESC))[1] AS differ
    FROM change c JOIN restore_point p ON p.id = c.point_id
    WHERE c.kind <> %(reappeared)s AND p.first_seen_at <= c.since AND p.removed_at IS NULL
    GROUP BY c.replica_id, c.kind, c.point_id
), altered AS (
    SELECT replica_id, count(*) FILTER (WHERE differ AND kind = %(state)s) AS restated,
           count(*) FILTER (WHERE differ AND kind = %(malware)s) AS rejudged
    FROM ends GROUP BY replica_id
), figures AS MATERIALIZED (
    SELECT m.id, r.state, r.worst_malware, r.point_count, r.newest_point_at, r.removed_at IS NOT NULL AS is_gone,
           ARRAY(SELECT v.id FROM replica_vm v WHERE v.replica_id = r.id AND v.point_count > 0 ORDER BY v.id) AS vms,
           coalesce(moved.gained, 0) AS gained, coalesce(moved.made_since, 0) AS made_since,
           coalesce(moved.lost, 0) AS lost, coalesce(altered.restated, 0) AS restated,
           coalesce(altered.rejudged, 0) AS rejudged
    FROM member m JOIN replica r ON r.id = m.replica_id
    LEFT JOIN moved ON moved.replica_id = r.id
    LEFT JOIN altered ON altered.replica_id = r.id
), written AS (
    UPDATE rescan_replica m SET
        state_after = f.state, malware_after = f.worst_malware, vms_after = f.vms, points_after = f.point_count,
        newest_after = f.newest_point_at, is_gone = f.is_gone, points_gained = f.gained,
        points_made_since = f.made_since, points_lost = f.lost, points_restated = f.restated,
        points_rejudged = f.rejudged,
        has_changed = f.is_gone OR f.gained + f.lost + f.restated + f.rejudged > 0
            OR (m.state_before, m.vms_before, m.points_before, m.malware_before)
               IS DISTINCT FROM (f.state, f.vms, f.point_count, f.worst_malware)
    FROM figures f WHERE m.id = f.id
    RETURNING m.*
)
UPDATE rescan SET read_after_at = s.last_success_at, changes = (
    SELECT jsonb_build_object(
        'replicas', count(*) FILTER (WHERE has_changed),
        'replicas_gone', count(*) FILTER (WHERE is_gone),
        'states', count(*) FILTER (WHERE NOT is_gone AND state_after <> state_before),
        'vms_gained', coalesce(sum((SELECT count(*) FROM unnest(vms_after) vm WHERE vm <> ALL (vms_before))), 0),
        'vms_lost', coalesce(sum((SELECT count(*) FROM unnest(vms_before) vm WHERE vm <> ALL (vms_after))), 0),
        'points_gained', coalesce(sum(points_gained), 0),
        'points_made_since', coalesce(sum(points_made_since), 0),
        'points_lost', coalesce(sum(points_lost), 0),
        'points_restated', coalesce(sum(points_restated), 0),
        'points_rejudged', coalesce(sum(points_rejudged), 0)
    ) FROM written
)
FROM asked JOIN backup_server s ON s.id = asked.server_id
WHERE rescan.id = asked.id
"""
"""The figures are worked out once: where Postgres knew the tables when they were empty, it took all of them anew for
each replica, and 40 s for 500 replicas.
"""
