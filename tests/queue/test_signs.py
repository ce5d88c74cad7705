"""Scheduler and workers give signs of life; who gives none any more is told, and no heap of messages waits for it."""

import signal
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from replicas_app import pulse, tasks
from replicas_app.choices import RescanState, SyncState, SyncTrigger
from replicas_app.models import Part, Pulse, Rescan, SyncRun
from replicas_app.sync import runs
from tests.factories import make_replica, make_rescan, make_server, make_sync_run
from tests.queue.processes import Broker, beat
from tests.waiting import wait_until
from tests.workers import worker

pytestmark = pytest.mark.django_db(transaction=True)
DEADLINE_SECONDS = 60
LONG = pulse.SILENT_AFTER * 2


def of_worker() -> Pulse:
    return Pulse.objects.get(part=Part.WORKER)


def is_answered(*parts: Part) -> bool:
    """Whether the workers of these parts have answered; all of them unless some are named."""
    parts = parts or pulse.WORKERS
    return Pulse.objects.filter(part__in=parts, asked_at=None).count() == len(parts)


def tick_until(is_so: Callable[[], bool]) -> None:
    """Look for signs as beat does until it is so."""
    wait_until(lambda: is_so() or tasks.look_for_signs(), DEADLINE_SECONDS)


def let_pass(span: timedelta) -> None:
    """As if everything that was written down had been written so much earlier."""
    for row in Pulse.objects.all():
        for moment in ("at", "asked_at", "sent_at"):
            if getattr(row, moment):
                setattr(row, moment, getattr(row, moment) - span)
        row.save()


def test_a_worker_that_is_told_of_no_queue_answers_in_both_and_nothing_is_told(broker):
    with worker():
        tasks.look_for_signs()
        assert not is_answered()

        wait_until(is_answered, DEADLINE_SECONDS)

    assert pulse.silent(timezone.now()) is None


def test_without_a_worker_one_question_waits_however_often_is_looked(broker):
    for _ in range(20):
        tasks.look_for_signs()
        let_pass(timedelta(minutes=3))
    tasks.look_for_signs()

    assert [broker.messages(queue) for queue in ("celery", "rescans")] == [1, 1]
    assert [one.part for one in pulse.all_silent(timezone.now())] == [Part.WORKER, Part.RESCANS]


def test_a_question_that_the_broker_lost_is_asked_again(broker):
    tasks.look_for_signs()
    broker.restart_empty()
    let_pass(pulse.UNANSWERED_AFTER)

    tasks.look_for_signs()

    assert [broker.messages(queue) for queue in ("celery", "rescans")] == [1, 1]


def test_since_when_nobody_has_answered_stays_however_often_the_question_is_lost(broker):
    tasks.look_for_signs()
    let_pass(LONG)
    since = of_worker().asked_at
    broker.restart_empty()

    tasks.look_for_signs()

    assert of_worker().asked_at == since
    assert pulse.silent(timezone.now()).part == Part.WORKER


@pytest.mark.parametrize("happen", [Broker.stop, Broker.stand_still])
def test_a_queue_that_cannot_be_reached_is_told_at_once_with_its_moment_until_it_is_back(broker, happen):
    tasks.look_for_signs()
    assert pulse.silent(timezone.now()) is None
    happen(broker)
    before = timezone.now()

    for _ in range(2):
        with pytest.raises(OperationalError):
            tasks.look_for_signs()
    told = pulse.silent(timezone.now())
    broker.stop(signal.SIGKILL)
    broker.start()
    tasks.look_for_signs()

    assert told.part == Part.QUEUE
    assert told.at < before < told.asked_at < before + timedelta(seconds=pulse.SILENT_AFTER.seconds)
    assert pulse.silent(timezone.now()) is None


def test_a_worker_that_finds_the_queue_away_after_its_step_writes_one_line_and_no_traceback(
    broker, caplog, monkeypatch
):
    """The read after a rescan stands in a row, and beat tells a worker of it when the queue is back."""
    rescan = make_rescan(state=RescanState.SUCCEEDED, ended_at=timezone.now() - timedelta(minutes=1))
    Rescan.objects.filter(pk=rescan.pk).update(next_poll_at=timezone.now())
    broker.stop()

    tasks.follow_rescan(rescan.pk)

    (run,) = SyncRun.objects.filter(trigger=SyncTrigger.RESCAN)
    lines = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [(line.getMessage().split(":")[0], line.exc_info) for line in lines] == [
        (f"no worker was told of replicas_app.tasks.sync_server {run.pk}", None)
    ]
    assert "\n" not in lines[0].getMessage()
    assert pulse.silent(timezone.now()).part == Part.QUEUE


def test_two_schedulers_that_look_at_once_ask_once():
    now = timezone.now()

    assert [pulse.take_question(now), pulse.take_question(now)] == [True, False]


def test_a_worker_that_stands_still_is_told_and_is_well_again_when_it_goes_on(broker):
    with worker() as stopped:
        tick_until(is_answered)
        stopped.send_signal(signal.SIGSTOP)
        tasks.look_for_signs()
        let_pass(LONG)
        Pulse.objects.filter(part=Part.SCHEDULER).update(at=timezone.now())
        told = pulse.silent(timezone.now())
        stopped.send_signal(signal.SIGCONT)

        wait_until(is_answered, DEADLINE_SECONDS)

    assert told.part == Part.WORKER
    assert pulse.silent(timezone.now()) is None


def test_a_worker_too_busy_to_answer_lives_as_long_as_its_syncs_move(broker):
    tasks.look_for_signs()
    run = make_sync_run(state=SyncState.RUNNING, ended_at=None, rows_read=1000)
    let_pass(LONG)

    SyncRun.objects.filter(pk=run.pk).update(rows_read=2000)
    tasks.look_for_signs()
    while_it_moves = pulse.silent(timezone.now(), [Part.WORKER])
    let_pass(LONG)
    tasks.look_for_signs()

    assert while_it_moves is None
    assert pulse.silent(timezone.now()).part == Part.WORKER


def test_of_two_workers_the_one_that_is_gone_is_told_and_what_the_other_takes_goes_on(broker, server):
    rescan = make_rescan(make_replica(server), state=RescanState.QUEUED)
    Rescan.objects.update(next_poll_at=timezone.now())
    with worker(1, "--queues=celery"):
        tick_until(lambda: is_answered(Part.WORKER))
        tasks.enqueue_due_rescans()
        let_pass(LONG)
        tasks.enqueue_due_syncs()
        tasks.look_for_signs()

        wait_until(lambda: SyncRun.objects.filter(state=SyncState.SUCCEEDED).exists(), DEADLINE_SECONDS)
        wait_until(lambda: is_answered(Part.WORKER), DEADLINE_SECONDS)

    rescan.refresh_from_db()
    assert [one.part for one in pulse.all_silent(timezone.now())] == [Part.RESCANS]
    assert (rescan.state, broker.messages("celery"), broker.messages("rescans")) == (RescanState.QUEUED, 0, 2)


def test_while_all_processes_that_read_are_busy_a_step_of_a_rescan_is_told_all_the_same(broker):
    tasks.look_for_signs()
    let_pass(LONG)
    pulse.sign_of_worker(timezone.now(), Part.RESCANS)
    broker.restart_empty()
    tasks.give_sign.delay()
    make_rescan()
    Rescan.objects.update(next_poll_at=timezone.now())

    tasks.enqueue_due_rescans()

    assert broker.messages("rescans") == 1


def test_a_scheduler_gives_signs_while_it_runs_and_is_told_when_it_is_gone(broker):
    pulse.begin(timezone.now() - LONG)
    assert pulse.silent(timezone.now()).part == Part.SCHEDULER

    with beat():
        wait_until(lambda: pulse.silent(timezone.now()) is None, DEADLINE_SECONDS)

    assert pulse.silent(timezone.now() + LONG).part == Part.SCHEDULER


def test_what_was_never_made_ready_is_not_missed():
    assert pulse.silent(timezone.now()) is None


def test_signs_that_lie_ahead_of_a_clock_that_was_set_back_count_for_nothing(broker):
    pulse.begin(timezone.now() + timedelta(days=1))
    assert pulse.silent(timezone.now()).part == Part.SCHEDULER

    tasks.look_for_signs()

    assert pulse.silent(timezone.now()) is None


def test_an_hour_without_a_worker_leaves_a_handful_of_messages_and_one_run_for_each_server(broker, monkeypatch):
    monkeypatch.setattr(runs, "MESSAGE_LEASE", timedelta(0))  # each tick finds every wish unheard
    servers = [make_server(next_sync_at=timezone.now()) for _ in range(2)]

    for _ in range(40):
        tasks.look_for_signs()
        tasks.enqueue_due_syncs()
        let_pass(timedelta(seconds=90))

    assert broker.messages("celery") <= 2 * len(servers) + 1
    assert broker.messages("rescans") == 1
    assert SyncRun.objects.count() == len(servers)


def test_after_an_hour_without_a_worker_each_due_server_is_read_once(broker, server):
    tasks.look_for_signs()
    tasks.enqueue_due_syncs()
    let_pass(timedelta(hours=1))
    tasks.enqueue_due_syncs()

    with worker():
        tick_until(lambda: SyncRun.objects.filter(state=SyncState.SUCCEEDED).exists() and is_answered())
        wait_until(lambda: broker.messages() == 0)
        tasks.enqueue_due_syncs()

    assert [run.state for run in SyncRun.objects.all()] == [SyncState.SUCCEEDED]
    assert pulse.silent(timezone.now()) is None
