"""Real workers that are killed or asked to stop in the middle of a sync."""

import signal
from collections.abc import Callable

import pytest

from replicas_app import tasks
from replicas_app.choices import SyncState
from replicas_app.models import Replica, RestorePoint, SyncRun
from tests.waiting import wait_until
from tests.workers import empty_queue, kill, worker

DEADLINE_SECONDS = 60
SLOW_PAGES = {"path": "^/api/v1/replicaPoints$", "action": "delay", "seconds": 60}


def beat_until(is_so: Callable[[], bool]) -> None:
    """Tick as beat does until it is so."""
    wait_until(lambda: is_so() or tasks.enqueue_due_syncs(), DEADLINE_SECONDS)


@pytest.fixture
def due(simulator, server):
    """A server that is due, and a queue with no message of another test in it."""
    empty_queue()
    return server


def is_at_the_points(simulator) -> bool:
    return any(request.path == "/api/v1/replicaPoints" for request in simulator.requests)


def test_a_sync_whose_worker_was_killed_is_interrupted_and_begins_anew(simulator, due):
    simulator.faults.add(SLOW_PAGES)
    with worker() as first:
        beat_until(lambda: is_at_the_points(simulator))
        kill(first)
    simulator.faults.clear()

    beat_until(lambda: SyncRun.objects.filter(state=SyncState.INTERRUPTED).exists())
    with worker():
        beat_until(lambda: SyncRun.objects.filter(state=SyncState.SUCCEEDED).exists())

    assert [run.state for run in SyncRun.objects.order_by("pk")] == [SyncState.INTERRUPTED, SyncState.SUCCEEDED]
    assert RestorePoint.objects.present().count() == len(simulator.world.points)


def test_a_worker_that_is_asked_to_stop_leaves_a_sync_between_two_pages(simulator, due):
    simulator.faults.add({"path": "^/api/v1/replicas$", "action": "delay", "seconds": 2})
    with worker() as asked:
        beat_until(lambda: any(request.path == "/api/v1/replicas" for request in simulator.requests))
        asked.send_signal(signal.SIGTERM)

        assert asked.wait(timeout=DEADLINE_SECONDS) == 0

    (run,) = SyncRun.objects.all()
    due.refresh_from_db()
    assert (run.state, due.next_sync_at) == (SyncState.INTERRUPTED, run.ended_at)
    assert not is_at_the_points(simulator)
    assert Replica.objects.count() == 0
