"""A broker and a scheduler of a test's own: started, stopped, killed, emptied."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from celery import current_app
from django.db import connection
from kombu import pools
from redis import Redis

from dashboard.celery import app
from dashboard.stack.valkey import Valkey
from tests.waiting import wait_until
from tests.workers import PROJECT, kill


class Broker:
    """A Valkey on a socket of its own, which stays the same over its deaths."""

    def __init__(self, folder: Path) -> None:
        self.server = Valkey(folder / "valkey", folder)
        self.process: subprocess.Popen | None = None
        self.start()

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def client(self) -> Redis:
        return Redis(unix_socket_path=str(self.server.socket), socket_timeout=5)

    def start(self) -> None:
        self.server.prepare()
        command = self.server.command()
        self.process = subprocess.Popen(
            command.arguments, stdout=subprocess.DEVNULL, start_new_session=True, **command.options
        )
        wait_until(self.server.is_ready)

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait()

    def stand_still(self) -> None:
        """It takes connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def refuse_to_write(self) -> None:
        with self.client as client:
            client.client_pause(60_000, all=False)

    def restart_empty(self) -> None:
        """As one that keeps nothing on disk."""
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.server.data)
        self.start()

    def messages(self, *queues: str) -> int:
        """In these queues; in all of them unless some are named."""
        with self.client as client:
            return sum(client.llen(queue) for queue in queues or current_app.amqp.queues)


def on_this_database() -> dict[str, str]:
    """The environment of a process that works on the test's database."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    return os.environ | {"DATABASE_URL": database.geturl()}


@contextmanager
def beat() -> Iterator[subprocess.Popen]:
    """A scheduler on this test's database and broker."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "dashboard", "-q", "--skip-checks", "beat"],
        cwd=PROJECT,
        env=on_this_database(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        kill(process)


def forget_connections() -> None:
    """This process's own to the broker: the next message opens a new one, to where the settings lead by then."""
    pools.reset()
    app._after_fork()
