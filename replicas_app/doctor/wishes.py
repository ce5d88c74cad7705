"""A test from the wish to its report. Both stand in the server's row, so that any worker and any page see the same."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from replicas_app.doctor.exam import LONGEST_SECONDS, examine
from replicas_app.doctor.report import Report
from replicas_app.models import BackupServer

logger = logging.getLogger(__name__)

UNHEARD_AFTER = timedelta(seconds=10)
"""How long a wish may lie with the broker before a worker is told of it once more."""
LOST_AFTER = timedelta(seconds=2 * LONGEST_SECONDS)
"""A test that has not ended by then was begun by a process that is gone."""
CAPABILITIES = {"replicas": "replicas", "points": "replicaPoints", "sessions": "sessions", "server_info": "serverInfo"}
"""Step → the endpoint in `BackupServer.capabilities`."""


def ask(server: BackupServer) -> bool:
    """Wish for a test. False where one is under way: whoever asked looks at that one."""
    now = timezone.now()
    row = BackupServer.objects.filter(pk=server.pk)
    idle = row.exclude(doctor_at=None, doctor_asked_at__gt=now - LOST_AFTER)
    return bool(idle.update(doctor_asked_at=now, doctor_started_at=None, doctor_at=None, doctor_report={}))


def stage_of(server: BackupServer, now: datetime) -> str:
    """How far the newest test is: never, waiting, running, done, or lost with the process that made it."""
    if server.doctor_asked_at is None:
        return "never"
    if server.doctor_at is not None:
        return "done"
    if now - server.doctor_asked_at > LOST_AFTER:
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
    report = examine(server, tell=lambda report: ours.update(doctor_report=report.as_json()))
    if ours.update(doctor_at=timezone.now()):
        _learn(server, report)


def keep(server: BackupServer, report: Report) -> None:
    """Store the report of a test that somebody made in the foreground."""
    now = timezone.now()
    BackupServer.objects.filter(pk=server.pk).update(
        doctor_asked_at=now, doctor_started_at=now, doctor_at=now, doctor_report=report.as_json()
    )
    _learn(server, report)


def _learn(server: BackupServer, report: Report) -> None:
    """What the test showed beside its report: who may read what, and that a server is worth reading again."""
    found = {CAPABILITIES[step.key]: step for step in report.steps if step.key in CAPABILITIES}
    told = {endpoint: step.cause for endpoint, step in found.items() if step.cause in ("", "role") and step.was_asked}
    row = BackupServer.objects.filter(pk=server.pk)
    row.update(capabilities=server.capabilities | told)
    if report.passed and server.is_enabled and server.last_error:
        row.update(next_sync_at=timezone.now())
    logger.info("server %s was tested: %s", server.pk, report.verdict)
