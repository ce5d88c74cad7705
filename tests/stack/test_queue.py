"""Sending a message takes a moment or fails in a moment; and the clock goes on whatever its ticks meet."""

import socket
import time

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from dashboard.beat import InProcessScheduler
from dashboard.celery import app
from tests.stack import ticks

PATIENCE_SECONDS = 4


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
def clock():
    """A scheduler with one tick that counts and one that fails, whose broker is not there."""
    ticks.counted.clear()
    schedule = {
        "counts": {"task": "tests.stack.ticks.count", "schedule": 0.1},
        "fails": {"task": "tests.stack.ticks.fail", "schedule": 0.1},
    }
    return InProcessScheduler(an_app("redis://127.0.0.1:1/0", beat_schedule=schedule))


def run(clock: InProcessScheduler, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(max(clock.tick(), 0))


@pytest.mark.django_db
def test_everything_is_due_at_once_and_then_again_and_again(clock):
    clock.tick()
    clock.tick()
    at_once = len(ticks.counted)

    run(clock, 0.5)

    assert at_once == 1
    assert 3 <= len(ticks.counted) <= 7


@pytest.mark.django_db
def test_a_tick_that_fails_is_told_in_one_line_and_tried_again(clock, caplog):
    run(clock, 0.3)

    told = [record.getMessage() for record in caplog.records if record.name == "dashboard.beat"]
    assert len(told) >= 2
    assert set(told) == {"fails failed, and is tried again: RuntimeError: the first line"}
    assert len(ticks.counted) >= 2
