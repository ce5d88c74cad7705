"""Real worker processes for tests, on the test's own database and broker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

from dashboard.celery import app

PROJECT = Path(__file__).parents[1]
ARGUMENTS = ("worker", "--without-gossip", "--without-mingle", "--without-heartbeat")


@contextmanager
def worker(children: int = 1, *options: str, is_heard: bool = True) -> Iterator[subprocess.Popen]:
    """A worker on this test's database and broker, in a session of its own; killed at the end if it still lives.

    It takes from all queues, unless an option says from which.
    """
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "dashboard", *ARGUMENTS, f"--concurrency={children}", *options],
        cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": database.geturl()},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=None if is_heard else subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen) -> None:
    """As the kernel does when memory is short: at once, with the children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def empty_queue() -> None:
    """Forget the messages that earlier tests sent and nobody took."""
    with app.connection_for_write() as broker:
        for queue in app.amqp.queues.values():
            queue.bind(broker.default_channel).purge()
