"""The broker goes away, comes back, comes back empty, or stands still: nothing is lost, nothing is done twice."""

import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from replicas_app import pulse, tasks
from replicas_app.choices import Role, SyncState, SyncTrigger
from replicas_app.models import BackupServer, Pulse, SyncRun
from replicas_app.sync import runs
from tests.factories import make_person
from tests.queue.processes import Broker
from tests.waiting import wait_until
from tests.workers import worker

DEADLINE_SECONDS = 60
ANSWER_SECONDS = 5


def beat_until(is_so: Callable[[], bool]) -> None:
    """Tick as beat does, whose failures do not stop it, until it is so."""

    def tick() -> bool:
        for look in (tasks.look_for_signs, tasks.enqueue_due_syncs):
            try:
                look()
            except tasks.sync_server.OperationalError:
                continue
        return is_so()

    wait_until(tick, DEADLINE_SECONDS)


def answered_since(moment) -> bool:
    """By both workers."""
    answered = Pulse.objects.filter(part__in=pulse.WORKERS, at__gt=moment, asked_at=None)
    return answered.count() == len(pulse.WORKERS)


def restart(broker: Broker) -> None:
    broker.stop()
    broker.start()


def die(broker: Broker) -> None:
    broker.stop(signal.SIGKILL)
    broker.start()


def drop_connections(broker: Broker) -> None:
    with broker.client as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def test_workers_take_messages_again_whenever_the_broker_comes_back(broker, transactional_db):
    with worker(1, "--queues=celery"), worker(1, "--queues=rescans", "--hostname=rescans@%h"):
        beat_until(lambda: answered_since(timezone.now() - timedelta(minutes=1)))
        for happen in (restart, die, drop_connections, Broker.restart_empty):
            happen(broker)
            since = timezone.now()
            long_ago = since - timedelta(minutes=1)  # so that a question which got lost need not be waited for
            Pulse.objects.exclude(asked_at=None).update(asked_at=long_ago, sent_at=long_ago)

            beat_until(lambda: answered_since(since))  # noqa: B023


def test_a_sync_goes_on_while_the_broker_is_away_and_the_next_one_follows(broker, server, simulator):
    simulator.faults.add({"path": "^/api/v1/replicas$", "action": "delay", "seconds": 2, "times": 1})
    with worker():
        beat_until(lambda: SyncRun.objects.filter(state=SyncState.RUNNING).exists())
        broker.stop()
        wait_until(lambda: SyncRun.objects.filter(state=SyncState.SUCCEEDED).exists(), DEADLINE_SECONDS)
        broker.start()
        BackupServer.objects.update(next_sync_at=timezone.now())
        beat_until(lambda: SyncRun.objects.filter(state=SyncState.SUCCEEDED).count() == 2)

    assert SyncRun.objects.count() == 2


def test_a_wish_whose_message_a_broker_lost_is_carried_out_once(broker, server, monkeypatch):
    monkeypatch.setattr(runs, "MESSAGE_LEASE", timedelta(seconds=1))
    tasks.enqueue_due_syncs()
    assert broker.messages() == 1
    broker.restart_empty()

    with worker():
        beat_until(lambda: SyncRun.objects.filter(state=SyncState.SUCCEEDED).exists())
        beat_until(lambda: broker.messages() == 0)

    assert SyncRun.objects.count() == 1


@pytest.mark.parametrize("happen", [Broker.stop, Broker.stand_still, Broker.refuse_to_write])
def test_while_the_broker_takes_nothing_a_press_is_answered_soon_and_the_wish_is_kept(broker, server, client, happen):
    client.force_login(make_person(role=Role.ADMIN))
    happen(broker)

    began = time.monotonic()
    answer = client.post(reverse("server-sync", args=[server.pk]), follow=True)
    took = time.monotonic() - began

    assert took < ANSWER_SECONDS
    told = answer.content.decode()
    assert "waiting for a worker" in told
    assert "The queue cannot be reached since " in told
    assert "This is kept, and goes on by itself, once, when the queue is back. Nobody has to press again." in told
    assert [run.state for run in SyncRun.objects.all()] == [SyncState.QUEUED]


def test_a_wish_of_a_person_is_carried_out_once_after_the_broker_is_back(broker, server, client, monkeypatch):
    monkeypatch.setattr(runs, "MESSAGE_LEASE", timedelta(seconds=1))
    client.force_login(make_person(role=Role.ADMIN))
    broker.stop()
    for _ in range(2):
        client.post(reverse("server-sync", args=[server.pk]))
    broker.start()

    with worker():
        beat_until(lambda: SyncRun.objects.filter(state=SyncState.SUCCEEDED).exists())
        beat_until(lambda: broker.messages() == 0)

    assert [run.trigger for run in SyncRun.objects.all()] == [SyncTrigger.PERSON]


@pytest.mark.parametrize("happen", [Broker.stop, Broker.stand_still])
def test_the_pages_stay_quick_and_readyz_names_the_broker(broker, server, client, happen):
    client.force_login(make_person())
    happen(broker)

    began = time.monotonic()
    pages = [client.get(page).status_code for page in ("/", "/replicas/", "/healthz")]
    took = time.monotonic() - began
    ready = client.get("/readyz")

    assert (pages, took < 2) == ([200] * 3, True)
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["broker: it does not answer"])
