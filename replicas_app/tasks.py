"""The door for Celery: ids in, nothing out, one call of a function below. Running a task twice does no harm.

What has to be done stands in rows; the functions that beat calls find the rows that are due and send a message for
each. A lost message is sent again, a second one finds nothing to do, and none is added to a queue that nobody takes
from. The steps of rescans go to a queue of their own (`CELERY_TASK_ROUTES`), so that none waits behind a long read.
"""

import logging
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from celery import Task, current_app, shared_task
from celery.signals import worker_shutting_down
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from replicas_app import doctor, pulse, rescans, retention, sync
from replicas_app.models import Part

logger = logging.getLogger(__name__)

_stopping = multiprocessing.RawValue("b", False)
"""Shared by the worker's processes (they are forked after this module is imported): a sync stops between pages."""


@worker_shutting_down.connect
def ask_tasks_to_stop(**_: object) -> None:
    _stopping.value = True


def tell_worker(task: Task, pk: int) -> bool:
    """Send a message, if the queue can be reached: say whether.

    What has to be done stands in a row, so where it cannot, beat sends the message later.
    """
    try:
        with _at_the_queue():
            task.delay_on_commit(pk)
    except OperationalError as error:
        logger.warning("no worker was told of %s %s: %s", task.name, pk, error)
        return False
    return True


@shared_task
def sync_server(run_id: int) -> None:
    sync.sync(run_id, should_stop=lambda: bool(_stopping.value))
    if server_id := doctor.ask_after(run_id):
        tell_worker(test_server, server_id)


def enqueue_due_syncs() -> None:
    """Called by beat: every server that is due gets a run, every run of which no worker knows a message."""
    now = timezone.now()
    sync.close_orphans(now)
    sync.request_due(now)
    _tell_workers(sync_server, sync.take_unheard, now)


@shared_task
def follow_rescan(rescan_id: int) -> None:
    with rescans.claim(rescan_id) as rescan:
        run = rescans.advance(rescan) if rescan else None
    if run:
        tell_worker(sync_server, run.pk)


def enqueue_due_rescans() -> None:
    """Called by beat: a message for every rescan whose next step is due and of which no worker knows one."""
    _tell_workers(follow_rescan, rescans.take_due, timezone.now(), Part.RESCANS)


@shared_task
def test_server(server_id: int) -> None:
    doctor.perform(server_id)


def enqueue_due_tests() -> None:
    """Called by beat: another message for every connection test that nobody took up."""
    _tell_workers(test_server, doctor.take_unheard, timezone.now())


@shared_task
def drop_history(server_id: int) -> None:
    retention.drop(server_id, timezone.now(), should_stop=lambda: bool(_stopping.value))


def enqueue_due_drops() -> None:
    """Called by beat: a message for every server of which history is older than it is kept."""
    _tell_workers(drop_history, retention.due, timezone.now())


@shared_task
def give_sign() -> None:
    pulse.sign_of_worker(timezone.now())


@shared_task
def give_sign_of_rescans() -> None:
    pulse.sign_of_worker(timezone.now(), Part.RESCANS)


def look_for_signs() -> None:
    """Called by beat: it lives itself, and asks in each queue whether a worker does."""
    now = timezone.now()
    pulse.sign_of_scheduler(now)
    pulse.look_at_work(now)
    for part, task in ((Part.WORKER, give_sign), (Part.RESCANS, give_sign_of_rescans)):
        _ask_for_a_sign(part, task, now)
    pulse.queue_was_reached(now)


def _ask_for_a_sign(part: Part, task: Task, now: datetime) -> None:
    is_asked = pulse.take_question(now, part)
    with _at_the_queue():
        waiting = _messages_waiting(task)
        if is_asked or (pulse.is_unanswered(now, part) and not waiting and pulse.take_lost_question(now, part)):
            task.delay()


def _tell_workers(task: Task, take: Callable[[datetime], list[int]], now: datetime, worker: Part = Part.WORKER) -> None:
    """Send a message for each key that `take` gives: all of them count as told, or none if one could not be sent.

    None is sent while nobody takes those that lie in the queue already: an hour without a worker leaves no heap.
    """
    with _at_the_queue(), transaction.atomic():
        keys = take(now)
        if keys and pulse.is_unanswered(now, worker) and _messages_waiting(task):
            transaction.set_rollback(True)
            return
        for key in keys:
            task.delay(key)


@contextmanager
def _at_the_queue() -> Iterator[None]:
    """Write down where the queue cannot be reached, for the pages to tell."""
    try:
        yield
    except OperationalError:
        pulse.queue_was_not_reached(timezone.now())
        raise


def _messages_waiting(task: Task) -> int:
    """How many messages lie in the task's queue and no worker has taken."""
    with current_app.connection_for_write() as broker:
        queue = current_app.amqp.router.route({}, task.name)["queue"].bind(broker.default_channel)
        try:
            return queue.queue_declare().message_count
        except broker.connection_errors as error:  # as it takes connections and answers nothing
            raise OperationalError(str(error)) from error
