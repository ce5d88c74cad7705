"""A test from the wish to its report. Both stand in the server's row, so that any worker and any page see the same."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from replicas_app.choices import SyncState
from replicas_app.doctor.exam import LONGEST_SECONDS, examine
from replicas_app.doctor.report import Report
from replicas_app.models import BackupServer, SyncRun

logger = logging.getLogger(__name__)

PAUSE = timedelta(minutes=15)
"""How long a server that stays down, by the same cause, is not tested again by itself."""
UNHEARD_AFTER = timedelta(seconds=10)
"""How long a wish may lie with the broker before a worker is told of it once more."""
LOST_AFTER = timedelta(seconds=2 * LONGEST_SECONDS)
"""A test that has not ended by then was begun by a process that is gone; one that was asked for so far ahead of our
clock, by a clock that was set back since."""
NOTHING_TO_TEST = ("ours", "paused")
"""Causes of a failed sync that lie on our side, or of which a test that may send no password can say no more."""
CAPABILITIES = {"replicas": "replicas", "points": "replicaPoints", "sessions": "sessions", "server_info": "serverInfo"}
"""Step → the endpoint in `BackupServer.capabilities`."""


def ask(server: BackupServer) -> bool:
    """Wish for a test by hand. False where one is under way: whoever asked looks at that one."""
    return _wish(server.pk, run_id=None)


def ask_after(run_id: int) -> int | None:
    """Wish for a test where this sync has failed for something that a test can name. The server to test, if so.

    Not where it has been read again since, not of a server that was disabled meanwhile or whose certificate nobody has
    accepted, not while it is left alone after refused logins (the report of the refusal stays) or because it wants to
    be, and not again and again while it stays down.
    """
    run = SyncRun.objects.select_related("server").filter(pk=run_id, state=SyncState.FAILED).first()
    if run is None or run.error_cause in NOTHING_TO_TEST or not _may_be_tested(run) or _is_known(run):
        return None
    return run.server_id if _wish(run.server_id, run_id=run.pk) else None


def _may_be_tested(run: SyncRun) -> bool:
    is_newest = run == run.server.sync_runs.ended().newest_first().first()
    server = run.server
    return is_newest and server.is_enabled and not server.is_unconfirmed and not server.is_busy(timezone.now())


def _is_known(run: SyncRun) -> bool:
    """Whether the newest report is of the same fault: the server has not been read since, and it is not long ago."""
    server = run.server
    if server.doctor_run_id is None or abs(timezone.now() - server.doctor_asked_at) > PAUSE:
        return False
    if server.last_success_at and server.last_success_at > server.doctor_asked_at:
        return False
    return SyncRun.objects.filter(pk=server.doctor_run_id, error_cause=run.error_cause).exists()


def _wish(server_id: int, *, run_id: int | None) -> bool:
    now = timezone.now()
    row = BackupServer.objects.filter(pk=server_id)
    idle = row.exclude(doctor_at=None, doctor_asked_at__range=(now - LOST_AFTER, now + LOST_AFTER))
    begun = {"doctor_started_at": None, "doctor_at": None, "doctor_report": {}}
    return bool(idle.update(doctor_asked_at=now, doctor_run_id=run_id, **begun))


def stage_of(server: BackupServer, now: datetime) -> str:
    """How far the newest test is: never, waiting, running, done, or lost with the process that made it."""
    if server.doctor_asked_at is None:
        return "never"
    if server.doctor_at is not None:
        return "done"
    if abs(now - server.doctor_asked_at) > LOST_AFTER:
        return "lost"
    return "running" if server.doctor_started_at else "waiting"


def take_unheard(now: datetime) -> list[int]:
    """The servers whose test was asked for a while ago and begun by nobody."""
    waiting = BackupServer.objects.filter(doctor_at=None, doctor_started_at=None)
    lately = waiting.filter(doctor_asked_at__range=(now - LOST_AFTER, now - UNHEARD_AFTER))
    return list(lately.values_list("pk", flat=True))


def perform(server_id: int) -> None:
    """Carry out the test that was asked for, if nobody else does, and write down each step as it comes."""
    now = timezone.now()
    waiting = BackupServer.objects.filter(pk=server_id, doctor_at=None, doctor_started_at=None)
    if not waiting.exclude(doctor_asked_at=None).update(doctor_started_at=now):
        return
    server = BackupServer.objects.get(pk=server_id)
    ours = BackupServer.objects.filter(pk=server_id, doctor_started_at=now)
    by_hand = server.doctor_run_id is None
    report = examine(server, lambda report: ours.update(doctor_report=report.as_json()), by_hand=by_hand)
    if ours.update(doctor_at=timezone.now()):
        _learn(server, report, by_hand=by_hand)


def keep(server: BackupServer, report: Report) -> None:
    """Store the report of a test that somebody made in the foreground."""
    now = timezone.now()
    BackupServer.objects.filter(pk=server.pk).update(
        doctor_asked_at=now, doctor_started_at=now, doctor_at=now, doctor_run_id=None, doctor_report=report.as_json()
    )
    _learn(server, report, by_hand=True)


def _learn(server: BackupServer, report: Report, *, by_hand: bool) -> None:
    """What the test showed beside its report: who may read what, and, where a person mended it, that it is due."""
    found = {CAPABILITIES[step.key]: step for step in report.steps if step.key in CAPABILITIES}
    told = {endpoint: step.cause for endpoint, step in found.items() if step.cause in ("", "role") and step.was_asked}
    row = BackupServer.objects.filter(pk=server.pk)
    row.update(capabilities=server.capabilities | told)
    if report.passed and server.is_enabled and server.last_error and by_hand:
        row.update(next_sync_at=timezone.now())
    logger.info("server %s was tested: %s", server.pk, report.verdict)
