"""The life of a `SyncRun`: the wish, the claim, the outcome. That a server has one open run is a constraint."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from replicas_app import locks
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.models import BackupServer, Person, SyncRun

MESSAGE_LEASE = timedelta(seconds=60)
"""How long a wish may lie with the broker before a worker is told of it once more."""
STOPPED = "It was stopped because the server was disabled or removed. What was read before it stays."
INTERRUPTED = "The process that read this server ended before it was done; the next read begins anew."


def request(server: BackupServer, trigger: SyncTrigger, asked_by: Person | None = None) -> tuple[SyncRun, bool]:
    """The server's open run, and whether it was made now. Whoever asks meanwhile joins the one that is open.

    Whoever asks by hand tells a worker himself; a run of the schedule is told by `take_unheard`.
    """
    now = timezone.now()
    told_at = None if trigger == SyncTrigger.SCHEDULE else now
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                server=server, trigger=trigger, asked_by=asked_by, queued_at=now, enqueued_at=told_at
            )
    except IntegrityError:
        open_run = SyncRun.objects.open().filter(server=server).first()
        return (open_run, False) if open_run else request(server, trigger, asked_by)
    return run, True


def request_due(now: datetime) -> None:
    """Open a run for every server whose next sync is due."""
    for server in BackupServer.objects.due(now):
        request(server, SyncTrigger.SCHEDULE)


def take_unheard(now: datetime) -> list[int]:
    """The keys of the waiting runs of which no worker has been told lately; from now on they count as told.

    Two schedulers that ask at once get each run once.
    """
    with transaction.atomic():
        waiting = SyncRun.objects.filter(state=SyncState.QUEUED).exclude(enqueued_at__gt=now - MESSAGE_LEASE)
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


def begin(run_id: int, now: datetime) -> bool:
    """Take up a waiting run. The caller holds the server's lock."""
    with transaction.atomic():
        waiting = SyncRun.objects.filter(pk=run_id, state=SyncState.QUEUED)
        server = waiting.values("server_id")
        BackupServer.objects.filter(pk__in=server).update(last_attempt_at=now, data_version=F("data_version") + 1)
        return bool(waiting.update(state=SyncState.RUNNING, started_at=now, step="Connecting"))


def progress(run_id: int, **columns: object) -> bool:
    """Write down how far the run has come, at once, for everybody to see. False: it was stopped meanwhile."""
    return bool(SyncRun.objects.filter(pk=run_id, state=SyncState.RUNNING).update(**columns))


def stop(server: BackupServer) -> bool:
    """Close the server's open run, if there is one. The process that carries it out ends with its next page."""
    now = timezone.now()
    open_run = SyncRun.objects.open().filter(server=server)
    return bool(open_run.update(state=SyncState.INTERRUPTED, ended_at=now, error=STOPPED, step=""))


def end(run: SyncRun, state: SyncState, *, read_all: bool, error: str = "", cause: str = "", **columns: object) -> None:
    """Write the outcome and what follows for the server's freshness, in the caller's transaction if there is one.

    `read_all`: the server answered with all it has, so its data is as new as the moment when this run began.
    """
    now = timezone.now()
    with transaction.atomic():
        SyncRun.objects.filter(pk=run.pk).update(
            state=state, ended_at=now, step="", error=error, error_cause=cause, **columns
        )
        server = BackupServer.objects.filter(pk=run.server_id)
        server.update(
            last_error=error,
            last_error_cause=cause,
            next_sync_at=now + F("sync_interval_seconds") * timedelta(seconds=1),
            data_version=F("data_version") + 1,
        )
        if read_all:
            server.update(last_success_at=SyncRun.objects.get(pk=run.pk).started_at)
