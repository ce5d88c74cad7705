"""The door for Celery: ids in, nothing out, one call of a function below. Running a task twice does no harm.

What has to be done stands in rows; the functions that beat calls find the rows that are due and send a message for
each. A lost message is sent again, a second one finds nothing to do.
"""

import multiprocessing

from celery import shared_task
from celery.signals import worker_shutting_down
from django.utils import timezone

from replicas_app import doctor, rescans, sync

_stopping = multiprocessing.RawValue("b", False)
"""Shared by the worker's processes (they are forked after this module is imported): a sync stops between pages."""


@worker_shutting_down.connect
def ask_tasks_to_stop(**_: object) -> None:
    _stopping.value = True


@shared_task
def sync_server(run_id: int) -> None:
    sync.sync(run_id, should_stop=lambda: bool(_stopping.value))


def enqueue_due_syncs() -> None:
    """Called by beat: every server that is due gets a run, every run of which no worker knows a message."""
    now = timezone.now()
    sync.close_orphans(now)
    sync.request_due(now)
    for run_id in sync.take_unheard(now):
        sync_server.delay(run_id)


@shared_task
def follow_rescan(rescan_id: int) -> None:
    with rescans.claim(rescan_id) as rescan:
        run = rescans.advance(rescan) if rescan else None
    if run:
        sync_server.delay_on_commit(run.pk)


def enqueue_due_rescans() -> None:
    """Called by beat: a message for every rescan whose next step is due and of which no worker knows one."""
    for rescan_id in rescans.take_due(timezone.now()):
        follow_rescan.delay_on_commit(rescan_id)


@shared_task
def test_server(server_id: int) -> None:
    doctor.perform(server_id)


def enqueue_due_tests() -> None:
    """Called by beat: another message for every connection test that nobody took up."""
    for server_id in doctor.take_unheard(timezone.now()):
        test_server.delay(server_id)
