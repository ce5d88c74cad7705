"""The web server as `make run` starts it, on the database of the bench, and somebody who is signed in."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests
from django.test import Client

from dashboard.stack import door, parts
from replicas_app.choices import Role
from tests.bench.memory import peak_megabytes
from tests.factories import make_person
from tests.waiting import wait_until
from tests.workers import kill

START_SECONDS = 60


class Web:
    """`browser` asks it: paths are added to `url`."""

    def __init__(self, url: str, pid: int, browser: requests.Session) -> None:
        self.url = url
        self.browser = browser
        self._pid = pid

    def peak_megabytes(self) -> float:
        """The most memory that any of its processes ever had."""
        return max(peak_megabytes(child.pid) for child in psutil.Process(self._pid).children())


@contextmanager
def web() -> Iterator[Web]:
    with door.open_door("127.0.0.1", 0) as opened:
        command = parts.web(Path(os.environ["DATA_DIR"]), opened).command
        process = subprocess.Popen(
            command.arguments,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **command.options,
        )
        try:
            wait_until(lambda: parts.readiness(opened), START_SECONDS)
            yield Web(door.address(opened).rstrip("/"), process.pid, _signed_in())
        finally:
            kill(process)


def _signed_in() -> requests.Session:
    client, browser = Client(), requests.Session()
    client.force_login(make_person(role=Role.VIEWER))
    browser.trust_env = False
    browser.cookies.set("sessionid", client.cookies["sessionid"].value)
    return browser
