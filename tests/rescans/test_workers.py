"""Real workers, killed in the middle of a step: the next one goes on, and the server is asked once."""

import signal
from collections.abc import Callable
from datetime import timedelta

import psutil
import pytest

from replicas_app import locks, tasks
from replicas_app.choices import RescanState, SyncState
from replicas_app.models import Rescan
from replicas_app.rescans import rows
from tests.rescans.driving import posts
from tests.waiting import wait_until
from tests.workers import empty_queue, kill, worker

pytestmark = pytest.mark.django_db(transaction=True)
DEADLINE_SECONDS = 60


def beat_until(is_so: Callable[[], bool]) -> None:
    """Tick as beat does until it is so."""
    wait_until(lambda: is_so() or tasks.enqueue_due_rescans(), DEADLINE_SECONDS)


@pytest.fixture
def short_lease(monkeypatch):
    """A lost message is sent again after a second, so that a test need not wait for half a minute."""
    monkeypatch.setattr(rows, "MESSAGE_LEASE", timedelta(seconds=1))
    empty_queue()


def state(rescan: Rescan) -> str:
    rescan.refresh_from_db()
    return rescan.state


def test_a_rescan_whose_worker_was_killed_goes_on_with_its_session(simulator, rescan, short_lease):
    with worker() as first:
        beat_until(lambda: state(rescan) == RescanState.RUNNING)
        simulator.faults.add({"path": "/sessions/[^/]+$", "action": "delay", "seconds": 60})
        polls = len(simulator.requests)
        beat_until(lambda: any(one.path.startswith("/api/v1/sessions/") for one in simulator.requests[polls:]))
        kill(first)
    beat_until(lambda: locks.held(locks.Space.RESCAN) == set())
    session_id = rescan.session_id
    simulator.faults.clear()
    simulator.clock.advance(100)

    with worker():
        beat_until(lambda: state(rescan) != RescanState.RUNNING and rescan.next_poll_at is None)
        beat_until(lambda: not Rescan.objects.get().sync_run.is_open)

    assert (rescan.state, rescan.session_id, posts(simulator)) == (RescanState.SUCCEEDED, session_id, 1)
    assert Rescan.objects.get().sync_run.state == SyncState.SUCCEEDED


def test_a_worker_that_was_killed_while_it_asked_leaves_a_session_that_is_found_again(simulator, rescan, short_lease):
    simulator.faults.add({"path": "/rescan$", "action": "delay", "seconds": 60})
    with worker() as first:
        beat_until(lambda: posts(simulator) == 1)
        kill(first)
    assert state(rescan) == RescanState.ASKING
    simulator.faults.clear()

    with worker():
        beat_until(lambda: state(rescan) == RescanState.RUNNING)

    assert (rescan.is_found_again, posts(simulator)) == (True, 1)


def polls_of(simulator) -> int:
    return sum(request.path.startswith("/api/v1/sessions/") for request in simulator.requests)


def test_a_killed_child_and_a_worker_that_is_stopped_and_started_again_leave_it_to_its_real_end(
    simulator, rescan, short_lease
):
    """C30. Each time a poll waits for the server; the page never shows it as ended before it has."""
    hangs = {"path": "/sessions/[^/]+$", "action": "delay", "seconds": 3}
    with worker() as first:
        beat_until(lambda: state(rescan) == RescanState.RUNNING)
        simulator.faults.add(hangs)
        beat_until(lambda: polls_of(simulator))
        for child in psutil.Process(first.pid).children():
            child.kill()

        polls = polls_of(simulator)
        beat_until(lambda: polls_of(simulator) > polls)
        first.send_signal(signal.SIGTERM)
        assert first.wait(DEADLINE_SECONDS) == 0
    assert state(rescan) == RescanState.RUNNING
    session_id = rescan.session_id
    simulator.faults.clear()
    simulator.clock.advance(100)

    with worker():
        beat_until(lambda: state(rescan) == RescanState.SUCCEEDED)
        beat_until(lambda: state(rescan) and rescan.next_poll_at is None)

    assert (rescan.session_id, posts(simulator), rescan.read_after_at is not None) == (session_id, 1, True)
    assert locks.held(locks.Space.RESCAN) == set()
