"""Retention: history that is older than the settings say is dropped, in small steps, and what was dropped is told.

Events go by their age. What the servers no longer list goes by the time since when, but not before the last event that
tells of it; a replica and its VMs not while a rescan names them. With the first row that goes, the server's
`history_from` says from when on the inventory can still be rebuilt.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from replicas_app import locks
from replicas_app.models import BackupServer, Drop
from replicas_app.models.servers import BackupServerQuerySet

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 1000
"""In one transaction, which holds the server's row: a read that begins meanwhile waits for so long."""
STEPS_AT_ONCE = 200
"""How many such steps one task takes; the next one goes on."""
CLOCK_AHEAD_SECONDS = 86_400
"""Where a server says that our clock is farther ahead than this, it is not asked how old something is."""
PASS_EVERY = timedelta(hours=23)
"""From the beginning of one pass over a server to the next: once a day, without wandering through it."""


@dataclass(frozen=True)
class Kind:
    """One kind of rows that go: `column` of `Drop` counts them, `found` finds those that are older than `before`."""

    column: str
    is_event: bool
    table: LiteralString
    found: LiteralString

    def cutoff(self, now: datetime) -> datetime | None:
        """What is older goes; None: it is kept for ever."""
        days = settings.EVENTS_KEPT_DAYS if self.is_event else settings.VANISHED_KEPT_DAYS
        return now - timedelta(days=days) if days else None

    def is_there(self, server_id: int, before: datetime) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT EXISTS ({self.found})", {"server": server_id, "before": before})
            return cursor.fetchone()[0]

    def drop_some(self, server_id: int, before: datetime) -> int:
        some = f"DELETE FROM {self.table} WHERE id = ANY (ARRAY({self.found} LIMIT {ROWS_AT_ONCE}))"  # noqa: S608  of constants
        with connection.cursor() as cursor:
            cursor.execute(some, {"server": server_id, "before": before})
            return cursor.rowcount


EVENTS: LiteralString = "SELECT id FROM event WHERE server_id = %(server)s AND at < %(before)s"
POINTS: LiteralString = """
SELECT p.id FROM restore_point p
WHERE p.server_id = %(server)s AND p.removed_at < %(before)s
  AND NOT EXISTS (SELECT FROM event e WHERE e.point_id = p.id)
"""
VMS: LiteralString = """
SELECT v.id FROM replica_vm v
WHERE v.server_id = %(server)s AND v.point_count = 0 AND v.first_seen_at < %(before)s
  AND NOT EXISTS (SELECT FROM restore_point p WHERE p.vm_id = v.id)
  AND NOT EXISTS (SELECT FROM event e WHERE e.vm_id = v.id)
  AND NOT EXISTS (SELECT FROM rescan_replica m WHERE m.replica_id = v.replica_id)
"""
REPLICAS: LiteralString = """
SELECT r.id FROM replica r
WHERE r.server_id = %(server)s AND r.removed_at < %(before)s
  AND NOT EXISTS (SELECT FROM replica_vm v WHERE v.replica_id = r.id)
  AND NOT EXISTS (SELECT FROM restore_point p WHERE p.replica_id = r.id)
  AND NOT EXISTS (SELECT FROM event e WHERE e.replica_id = r.id)
  AND NOT EXISTS (SELECT FROM rescan_replica m WHERE m.replica_id = r.id)
"""
KINDS = (
    Kind("events", True, "event", EVENTS),
    Kind("points", False, "restore_point", POINTS),
    Kind("vms", False, "replica_vm", VMS),
    Kind("replicas", False, "replica", REPLICAS),
)
"""In the order in which nothing refers to what goes."""


def due(now: datetime) -> list[int]:
    """The keys of the servers whose pass is not through yet, or of which there is something to drop today."""
    return [server_id for server_id in _with_true_clocks().values_list("pk", flat=True) if _is_due(server_id, now)]


def drop(server_id: int, now: datetime, *, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Go on with the pass over this server, or begin one where it is due. What is left is left to the next call.

    While the server is being read nothing of it is dropped: the merge may be at work on the same rows.
    """
    for _ in range(STEPS_AT_ONCE):
        if should_stop() or not _step(server_id, now):
            return


def _with_true_clocks() -> BackupServerQuerySet:
    """A clock of ours that jumped ahead by a year must not make a year's history old: what goes cannot be had back."""
    return BackupServer.objects.exclude(clock_skew_seconds__lt=-CLOCK_AHEAD_SECONDS)


def _is_due(server_id: int, now: datetime) -> bool:
    newest = Drop.objects.filter(server=server_id).order_by("-pk").first()
    if newest and newest.ended_at is None:
        return True
    was_today = newest is not None and now - PASS_EVERY < newest.began_at <= now
    return not was_today and _what_goes(server_id, now) is not None


def _what_goes(server_id: int, now: datetime) -> Kind | None:
    """The first kind of which there is something to drop."""
    for kind in KINDS:
        before = kind.cutoff(now)
        if before and kind.is_there(server_id, before):
            return kind
    return None


def _step(server_id: int, now: datetime) -> bool:
    """Drop some rows of one kind, or end the pass. Say whether to go on."""
    with transaction.atomic():
        server = _with_true_clocks().select_for_update(skip_locked=True, no_key=True).filter(pk=server_id).first()
        if server is None or server_id in locks.held(locks.Space.SYNC) or not _is_due(server_id, now):
            return False
        open_pass, _ = Drop.objects.get_or_create(server=server, ended_at=None, defaults={"began_at": now})
        kind = _what_goes(server_id, now)
        if kind is None:
            return _end(open_pass, now)
        before = kind.cutoff(now)
        since = max(server.history_from or before, before)
        BackupServer.objects.filter(pk=server_id).update(
            history_from=since, data_version=F("data_version") + 1, rows_version=F("rows_version") + 1
        )
        dropped = kind.drop_some(server_id, before)
        Drop.objects.filter(pk=open_pass.pk).update(**{kind.column: F(kind.column) + dropped})
        return True


def _end(open_pass: Drop, now: datetime) -> bool:
    open_pass.ended_at = now
    open_pass.save(update_fields=["ended_at"])
    logger.info(
        "retention of server %s: %s events, %s points, %s VMs and %s replicas dropped",
        open_pass.server_id, open_pass.events, open_pass.points, open_pass.vms, open_pass.replicas,
    )  # fmt: skip
    return False
