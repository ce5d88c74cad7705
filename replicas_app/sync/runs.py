"""The life of a `SyncRun`: the wish, the claim, the outcome. That a server has one open run is a constraint."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from replicas_app import locks
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.connections import REFUSED_LOGINS
from replicas_app.models import BackupServer, Person, SyncRun
from replicas_app.sync.schedule import is_due, next_sweep_after

logger = logging.getLogger(__name__)

MESSAGE_LEASE = timedelta(seconds=20)
"""How long a wish may lie with the broker before a worker is told of it once more."""
STOPPED = "It was stopped because the server was disabled, changed or removed. What was read before it stays."
INTERRUPTED = "The process that read this server ended before it was done; the next read begins anew."


def request(
    server: BackupServer, trigger: SyncTrigger, asked_by: Person | None = None, *, full: str = ""
) -> tuple[SyncRun, bool]:
    """The server's open run, and whether it was made now. Whoever asks meanwhile joins the one that is open.

    `full`: why it has to be a full sweep, in words. Where the open run has begun without knowing that, the next one,
    which follows at once, will be. Whoever asks by hand tells a worker himself; a run of the schedule is told by
    `take_unheard`.
    """
    now = timezone.now()
    if full:
        BackupServer.objects.filter(pk=server.pk).update(next_full_at=now, why_full=full)
    told_at = None if trigger == SyncTrigger.SCHEDULE else now
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                server=server, trigger=trigger, asked_by=asked_by, queued_at=now, enqueued_at=told_at
            )
    except IntegrityError:
        open_run = SyncRun.objects.open().filter(server=server).first()
        return (open_run, False) if open_run else request(_still_there(server), trigger, asked_by)
    return run, True


def _still_there(server: BackupServer) -> BackupServer:
    """Raises BackupServer.DoesNotExist where it was removed meanwhile."""
    return BackupServer.objects.get(pk=server.pk)


def accept_drop(server: BackupServer, person: Person | None = None) -> SyncRun:
    """Believe the drop that the last sweep doubted: the full sweep that follows marks what is gone as removed."""
    came = {listing: counts[0] for listing, counts in server.doubt.items()}
    BackupServer.objects.filter(pk=server.pk).update(accepted_drop=came)
    who = person.get_username() if person else "somebody at the shell"
    logger.info("server %s: %s accepted the drop to %s", server.pk, who, came)
    trigger = SyncTrigger.PERSON if person else SyncTrigger.SHELL
    run, _ = request(server, trigger, person, full=f"{who} accepted the drop")
    return run


def request_due(now: datetime) -> None:
    """Open a run for every server whose next sync is due."""
    for server in BackupServer.objects.due(now):
        with suppress(BackupServer.DoesNotExist):  # removed meanwhile
            request(server, SyncTrigger.SCHEDULE)


def take_unheard(now: datetime) -> list[int]:
    """The keys of the waiting runs of which no worker has been told lately; from now on they count as told.

    Two schedulers that ask at once get each run once. One that was told at a time which lies ahead of our clock, which
    was set back, was not told lately.
    """
    with transaction.atomic():
        lately = (now - MESSAGE_LEASE, now + MESSAGE_LEASE)
        waiting = SyncRun.objects.filter(state=SyncState.QUEUED).exclude(enqueued_at__range=lately)
        keys = list(waiting.select_for_update(skip_locked=True).values_list("pk", flat=True))
        SyncRun.objects.filter(pk__in=keys).update(enqueued_at=now)
    return keys


def close_orphans(now: datetime) -> int:
    """Mark the running runs that no process works at any more as interrupted; their servers are due at once.

    A process that reads a server holds that server's lock, and Postgres takes the lock from a process that died.
    """
    held = locks.held(locks.Space.SYNC)
    orphans = SyncRun.objects.filter(state=SyncState.RUNNING).exclude(server_id__in=held)
    return sum(_interrupt_if_free(run, now) for run in orphans)


def _interrupt_if_free(run: SyncRun, now: datetime) -> bool:
    with locks.try_lock(locks.Space.SYNC, run.server_id) as free:
        return free and interrupt(run.pk, now)


def interrupt(run_id: int, now: datetime) -> bool:
    """Close a running run that nobody works at. Say whether there was one to close."""
    with transaction.atomic():
        closed = SyncRun.objects.filter(pk=run_id, state=SyncState.RUNNING)
        server = closed.values("server_id")
        BackupServer.objects.filter(pk__in=server).update(next_sync_at=now, data_version=F("data_version") + 1)
        return bool(closed.update(state=SyncState.INTERRUPTED, ended_at=now, error=INTERRUPTED, step=""))


def begin(run: SyncRun, now: datetime) -> bool:
    """Take up a waiting run, and decide whether it is a full sweep. The caller holds the server's lock."""
    with transaction.atomic():
        server = BackupServer.objects.select_for_update(no_key=True).filter(pk=run.server_id).first()
        if server is None:
            return False  # it was removed while its lock was free
        why = _why_full(server, now)
        waiting = SyncRun.objects.filter(pk=run.pk, state=SyncState.QUEUED)
        begun = waiting.update(
            state=SyncState.RUNNING, started_at=now, step="Connecting", is_full=bool(why), why_full=why
        )
        BackupServer.objects.filter(pk=server.pk).update(last_attempt_at=now, data_version=F("data_version") + 1)
    run.refresh_from_db()
    return bool(begun)


def _why_full(server: BackupServer, now: datetime) -> str:
    if server.last_full_at is None:
        return server.why_full or "the first read of this server"
    return (server.why_full or "the nightly sweep") if is_due(server.next_full_at, now) else ""


def widen(run: SyncRun, why: str) -> None:
    """Make a full sweep of an interval's run that found that it does not know enough."""
    run.is_full, run.why_full = True, why
    run.save(update_fields=["is_full", "why_full"])


def progress(run_id: int, **columns: object) -> bool:
    """Write down how far the run has come, at once, for everybody to see. False: it was stopped meanwhile."""
    return bool(SyncRun.objects.filter(pk=run_id, state=SyncState.RUNNING).update(**columns))


def stop(server: BackupServer) -> bool:
    """Close the server's open run, if there is one. The process that carries it out ends with its next page."""
    now = timezone.now()
    open_run = SyncRun.objects.open().filter(server=server)
    return bool(open_run.update(state=SyncState.INTERRUPTED, ended_at=now, error=STOPPED, step=""))


def end(
    run: SyncRun,
    state: SyncState,
    *,
    read_all: bool,
    error: str = "",
    cause: str = "",
    asked_for_seconds: float | None = None,
    **columns: object,
) -> None:
    """Write the outcome and what follows for the server's freshness, in the caller's transaction if there is one.

    `read_all`: the server answered with all that such a run asks for, so what it told is as new as the moment when
    this run began. `asked_for_seconds`: how long the server wants to be left alone, if it said so.
    """
    now = timezone.now()
    with transaction.atomic():
        server = BackupServer.objects.select_for_update(no_key=True).get(pk=run.server_id)
        SyncRun.objects.filter(pk=run.pk).update(
            state=state, ended_at=now, step="", error=error, error_cause=cause, **columns
        )
        if cause != "paused" or server.last_error_cause not in LEFT_ALONE_AFTER:
            server.last_error = error
        server.last_error_cause = cause
        server.data_version += 1
        server.rows_version += any(columns.get(count) for count in ROWS_CHANGED)
        if read_all:
            _is_as_new_as(server, run, now)
        is_wanted_again = server.next_full_at is not None and run.started_at < server.next_full_at <= now
        pause = timedelta(0) if is_wanted_again else timedelta(seconds=server.sync_interval_seconds)
        server.busy_until = now + timedelta(seconds=asked_for_seconds) if asked_for_seconds else None
        server.next_sync_at = max(now + pause, server.busy_until or now)
        server.save(update_fields=FRESHNESS)


LEFT_ALONE_AFTER = (*REFUSED_LOGINS, "paused")
"""That a server is left alone is told of it anyway; what it refused says why, and is not to be hidden by that."""
ROWS_CHANGED = (
    "replicas_added",
    "replicas_changed",
    "replicas_removed",
    "points_added",
    "points_changed",
    "points_removed",
)
"""The columns of a run that say whether it changed a row of the inventory."""
FRESHNESS = (
    "last_error",
    "last_error_cause",
    "data_version",
    "rows_version",
    "busy_until",
    "last_success_at",
    "last_full_at",
    "next_full_at",
    "why_full",
    "watermark",
    "next_sync_at",
)


def _is_as_new_as(server: BackupServer, run: SyncRun, now: datetime) -> None:
    server.last_success_at = run.started_at
    server.watermark = run.started_at + timedelta(seconds=server.clock_skew_seconds or 0)
    if run.is_full:
        server.last_full_at = run.started_at
        if server.next_full_at is None or not run.started_at < server.next_full_at <= now:
            server.next_full_at, server.why_full = next_sweep_after(now), ""
