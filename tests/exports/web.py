"""The real web server on the test's database, asked over a plain socket: what is cut off there is cut off here."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.test import Client

from dashboard.stack.door import open_door, reachable
from tests.factories import make_person
from tests.waiting import wait_until

PROJECT = Path(__file__).parents[2]
ARGUMENTS = ("gunicorn", "dashboard.wsgi", "--worker-class", "gthread", "--threads", "4", "--log-level", "critical")
READY_SECONDS = 60
ANSWER_SECONDS = 30
SMALL = 4096


@dataclass(frozen=True)
class Web:
    address: tuple[str, int]
    cookie: str

    def get(self, path: str, protocol: str = "HTTP/1.1") -> http.client.HTTPResponse:
        """The answer with its headers; its body is still on the way. Hardly any of it fits into our end."""
        way = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        way.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        way.settimeout(ANSWER_SECONDS)
        way.connect(self.address)
        way.sendall(f"GET {path} {protocol}\r\nHost: 127.0.0.1\r\nCookie: {self.cookie}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(way)
        way.close()  # the answer has it now, and closes it with itself
        answer.begin()
        return answer

    def is_up(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False


@contextmanager
def web() -> Iterator[Web]:
    client = Client()
    client.force_login(make_person())
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    door = open_door("127.0.0.1", 0)
    process = subprocess.Popen(
        [sys.executable, "-m", *ARGUMENTS, "--bind", f"fd://{door.fileno()}"],
        cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": database.geturl(), "DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        pass_fds=[door.fileno()],
        start_new_session=True,
    )
    try:
        running = Web(reachable(door), cookie)
        door.listen()
        wait_until(running.is_up, READY_SECONDS)
        yield running
    finally:
        door.close()
        process.terminate()
        process.wait()


def copies() -> int:
    """How many files Postgres works on right now in this database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {OF_COPIES}")
        return cursor.fetchone()[0]


def connections() -> int:
    """How many processes of Postgres serve this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def kill_copies() -> None:
    """As when the database is restarted under a transfer."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {OF_COPIES}")


OF_COPIES = (
    "FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    " AND state = 'active' AND query LIKE 'COPY (SELECT%'"
)
"""Postgres may give a query workers of its own, which are no files more."""
