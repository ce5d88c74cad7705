"""Sending a message takes a moment or fails in a moment; and the clock goes on whatever its ticks meet."""

import socket
import time
from collections.abc import Callable

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from dashboard.beat import InProcessScheduler
from dashboard.celery import app
from tests.stack import ticks

PATIENCE_SECONDS = 4
DEADLINE_SECONDS = 30


def an_app(broker: str, **settings: object) -> Celery:
    """An app with our own settings and another broker."""
    other = Celery("other", set_as_current=False)
    other.conf.update({name: app.conf[name] for name in ("broker_transport_options", "task_publish_retry_policy")})
    other.conf.update(broker_write_url=broker, broker_connection_timeout=app.conf.broker_connection_timeout, **settings)
    return other


@pytest.mark.parametrize("listens", [True, False], ids=["a silent broker", "no broker"])
def test_a_message_that_cannot_be_sent_fails_within_four_seconds(listens):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen()
        sender = an_app(f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        began = time.monotonic()

        with pytest.raises(OperationalError):
            sender.send_task("replicas_app.tasks.sync_server", [0])

    assert time.monotonic() - began < PATIENCE_SECONDS


@pytest.fixture
def clock_of():
    """`clock_of(seconds)`: a scheduler with a tick that counts and one that fails, so often, without a broker."""
    ticks.counted.clear()

    def clock_of(seconds: float) -> InProcessScheduler:
        tasks = {"counts": "tests.stack.ticks.count", "fails": "tests.stack.ticks.fail"}
        schedule = {name: {"task": task, "schedule": seconds} for name, task in tasks.items()}
        return InProcessScheduler(an_app("redis://127.0.0.1:1/0", beat_schedule=schedule))

    return clock_of


def run_until(is_so: Callable[[], bool], clock: InProcessScheduler) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(max(clock.tick(), 0))


@pytest.mark.django_db
def test_everything_is_due_at_once_and_only_once(clock_of):
    clock = clock_of(60)

    for _ in range(6):
        clock.tick()

    assert len(ticks.counted) == 1


@pytest.mark.django_db
def test_everything_is_due_again_and_again_and_no_oftener_than_it_is_to_be(clock_of):
    clock, began = clock_of(0.1), time.monotonic()

    run_until(lambda: len(ticks.counted) >= 4, clock)

    assert time.monotonic() - began > 0.25


@pytest.mark.django_db
def test_a_tick_that_fails_is_told_in_one_line_and_tried_again(clock_of, caplog):
    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "dashboard.beat"]

    run_until(lambda: len(told()) >= 2 and len(ticks.counted) >= 2, clock_of(0.1))

    assert set(told()) == {"fails failed, and is tried again: RuntimeError: the first line"}
