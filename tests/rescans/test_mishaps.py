"""Two schedulers, a message that comes twice, a broker that forgets, stands still or is away, an hour without a worker.

Each harmless: the server is asked once, and the rescan ends as it did.
"""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from replicas_app import rescans, tasks
from replicas_app.choices import RescanState, Role
from replicas_app.models import BackupServer, Part, Pulse, Rescan
from replicas_app.rescans import rows
from replicas_app.times import utc_words
from tests.factories import make_person, make_rescan
from tests.queue.processes import Broker
from tests.rescans.driving import posts, step, to_the_end, until_settled
from tests.threads import at_once
from tests.waiting import wait_until
from tests.workers import worker

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER_SECONDS = 5
DEADLINE_SECONDS = 60
HOUR = timedelta(hours=1)


def after_the_lease(rescan: Rescan) -> None:
    """Let so much time go by that a message which nobody took counts as lost."""
    Rescan.objects.filter(pk=rescan.pk).update(enqueued_at=timezone.now() - rows.MESSAGE_LEASE)


def test_two_schedulers_by_mistake_send_one_message_for_each_step(broker):
    for _ in range(3):
        make_rescan()

    at_once(4, lambda _: tasks.enqueue_due_rescans())

    assert broker.messages() == 3


def test_a_message_that_comes_several_times_asks_the_server_once(simulator, rescan):
    at_once(4, lambda _: tasks.follow_rescan(rescan.pk))
    for _ in range(3):
        tasks.follow_rescan(rescan.pk)

    rescan.refresh_from_db()
    assert (rescan.state, rescan.polls, posts(simulator)) == (RescanState.RUNNING, 0, 1)


@pytest.mark.parametrize("steps_before", [0, 1], ids=["waiting", "running"])
def test_a_broker_that_comes_back_empty_is_told_anew(broker, simulator, rescan, steps_before):
    for _ in range(steps_before):
        step(rescan)
    Rescan.objects.filter(pk=rescan.pk).update(next_poll_at=timezone.now())
    tasks.enqueue_due_rescans()
    broker.restart_empty()
    told = [broker.messages()]
    tasks.enqueue_due_rescans()
    told.append(broker.messages())

    after_the_lease(rescan)
    tasks.enqueue_due_rescans()

    assert (told, broker.messages()) == ([0, 0], 1)
    assert (until_settled(rescan, simulator).state, posts(simulator)) == (RescanState.SUCCEEDED, 1)


# --- a worker that was stopped for an hour ----------------------------------------------------------------------------


def an_hour_goes_by(rescan: Rescan, simulator) -> None:
    """On the server by its clock; here by putting back what is written of the rescan and of the reads of its server."""
    moments = ("created_at", "asked_at", "ended_at", "next_poll_at", "enqueued_at", "unanswered_since", "changes_since")
    Rescan.objects.filter(pk=rescan.pk).update(**{name: F(name) - HOUR for name in moments})
    BackupServer.objects.update(last_full_at=F("last_full_at") - HOUR, last_success_at=F("last_success_at") - HOUR)
    simulator.clock.advance(3600)


def waiting(rescan: Rescan, simulator) -> None:
    """Nobody has taken a step yet."""


def asking(rescan: Rescan, simulator) -> None:
    """The server has begun, and its answer was lost."""
    simulator.faults.add({"path": "/rescan$", "times": 1, "action": "reset", "after": True})
    assert step(rescan).state == RescanState.ASKING


def running(rescan: Rescan, simulator) -> None:
    assert step(rescan).state == RescanState.RUNNING


def not_compared(rescan: Rescan, simulator) -> None:
    assert to_the_end(rescan, simulator).next_poll_at is not None


@pytest.mark.parametrize("stage", [waiting, asking, running, not_compared])
def test_a_worker_that_was_stopped_for_an_hour_goes_on_where_it_was(broker, simulator, rescan, stage):
    stage(rescan, simulator)
    an_hour_goes_by(rescan, simulator)

    tasks.enqueue_due_rescans()
    tasks.enqueue_due_rescans()

    assert broker.messages() == 1
    until_settled(rescan, simulator)
    assert (rescan.state, rescan.error, posts(simulator)) == (RescanState.SUCCEEDED, "", 1)
    assert rescan.read_after_at is not None


def test_an_hour_without_a_worker_is_no_hour_without_an_answer(simulator, rescan):
    step(rescan)
    simulator.faults.add({"path": "^/api/v1/sessions/[^/]+$", "times": 2, "action": "status", "status": 503})
    step(rescan)
    an_hour_goes_by(rescan, simulator)

    step(rescan)

    assert (rescan.state, rescan.failed_polls) == (RescanState.RUNNING, 2)
    assert until_settled(rescan, simulator).state == RescanState.SUCCEEDED


# --- the broker is away: C14 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("happen", [Broker.stop, Broker.stand_still, Broker.refuse_to_write])
def test_while_the_broker_takes_nothing_a_press_is_answered_soon_and_the_wish_is_kept(
    broker, simulator, replicas, client, happen: Callable[[Broker], None]
):
    client.force_login(make_person(role=Role.OPERATOR))
    happen(broker)

    began = time.monotonic()
    answer = client.post("/rescans/start/", {"id": replicas[0].pk}, follow=True)
    took = time.monotonic() - began

    assert (answer.status_code, took < ANSWER_SECONDS) == (200, True)
    assert "Waiting its turn" in answer.content.decode()
    assert [(one.state, one.members.count()) for one in Rescan.objects.all()] == [(RescanState.QUEUED, 1)]


def test_a_rescan_that_nobody_can_be_told_of_says_since_when_and_what_becomes_of_it(broker, simulator, rescan, client):
    client.force_login(make_person(role=Role.VIEWER))
    worker_was_seen = timezone.now() - timedelta(minutes=3)
    Pulse.objects.create(part=Part.RESCANS, at=worker_was_seen)
    broker.stop()
    beat()
    Rescan.objects.update(next_poll_at=timezone.now() - timedelta(seconds=6))

    page, rows = (client.get(path).content.decode() for path in (rescan.get_absolute_url(), "/rescans/"))
    broker.start()
    tasks.look_for_signs()
    page_after = client.get(rescan.get_absolute_url()).content.decode()

    for told in (page, rows):
        assert "The queue cannot be reached since " in told
        assert f"The last sign of a worker came {utc_words(worker_was_seen)}." in told
        assert "This is kept, and goes on by itself, once, when the queue is back." in told
    assert "The queue cannot be reached" not in page_after


def test_a_wish_from_a_time_without_a_broker_is_carried_out_once_when_it_is_back(
    broker, simulator, replicas, client, monkeypatch
):
    monkeypatch.setattr(rows, "MESSAGE_LEASE", timedelta(seconds=1))
    client.force_login(make_person(role=Role.OPERATOR))
    broker.stop()
    for _ in range(2):
        client.post("/rescans/start/", {"id": replicas[0].pk})
    beat()
    broker.start()

    with worker():
        wait_until(lambda: beat() or Rescan.objects.get().state == RescanState.RUNNING, DEADLINE_SECONDS)

    assert posts(simulator) == 1
    assert rescans.sort_out(replicas[:1]).ready == {}


def beat() -> None:
    """Tick as the scheduler does, whose failures do not stop it."""
    try:
        tasks.enqueue_due_rescans()
    except tasks.follow_rescan.OperationalError:
        return
