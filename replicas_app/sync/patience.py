"""How much patience a read has with a server that gave no answer at the last one."""

from datetime import timedelta

from django.db.models import F

from replicas_app.choices import SyncTrigger
from replicas_app.knock import NO_ANSWER, PATIENT, SHORT
from replicas_app.models import SyncRun
from replicas_app.vbr import Deadlines

BY_PEOPLE = (SyncTrigger.PERSON, SyncTrigger.SHELL)
PATIENT_EVERY = timedelta(hours=1)
LONG_WAIT = timedelta(seconds=20)
"""A read without an answer that took longer has waited patiently."""


def may_be_dead(run: SyncRun) -> bool:
    """Whether it is knocked at before it is read. Not where a person asked, who wants it tried in earnest."""
    return run.trigger not in BY_PEOPLE and run.server.last_error_cause in NO_ANSWER


def patience_for(run: SyncRun) -> Deadlines:
    """Little, as a rule; once an hour as much as ever, for it may be slow and not dead."""
    ended = SyncRun.objects.filter(server=run.server_id, ended_at__gt=F("started_at") + LONG_WAIT)
    return SHORT if ended.filter(started_at__gt=run.started_at - PATIENT_EVERY).exists() else PATIENT
