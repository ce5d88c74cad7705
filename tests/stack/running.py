"""The real launcher as a child process of a test, on a data folder of its own and a free port."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

PROJECT = Path(__file__).resolve().parents[2]
READY_SECONDS = 240
"""Our patience, on a machine with other things to do. How soon it is ready, its own tests say."""
STOP_SECONDS = 15
OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "DATA_DIR", "PYTEST_CURRENT_TEST", "MAKEFLAGS", "MAKELEVEL")


def surroundings(data: Path, **variables: str) -> dict[str, str]:
    """The environment of a newcomer: nothing of the test session's own stack, and no demo servers."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return inherited | {"DATA_DIR": str(data), "PORT": "0", "DEMO": "0"} | variables


def manage(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` by hand, as somebody does who knows where the data lies and nothing else."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=surroundings(data), capture_output=True, text=True)


class Dashboard:
    """A launcher that was started; it need not come up."""

    command = (sys.executable, "-m", "dashboard.stack")

    def __init__(
        self,
        data: Path,
        *,
        command: tuple[str, ...] = command,
        folder: Path = PROJECT,
        user: int | None = None,
        **variables: str,
    ) -> None:
        self.data = data
        self.variables = variables
        self.output = tempfile.TemporaryFile()  # noqa: SIM115  open as long as we live
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=surroundings(data, **variables),
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            start_new_session=True,
            **({"user": user, "group": user, "extra_groups": []} if user else {}),
        )

    @property
    def said(self) -> str:
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode()

    @property
    def url(self) -> str:
        return re.search(r"Open +(\S+)/\n", self.said)[1]

    @property
    def addresses(self) -> dict[str, str]:
        return json.loads((self.data / "running.json").read_text()) | self.variables

    def ready(self) -> "Dashboard":
        wait_for(lambda: "The dashboard is ready" in self.said or self._has_ended(), READY_SECONDS, self)
        assert self.process.poll() is None, self.said
        return self

    def refused(self) -> str:
        """The one sentence with which it ended."""
        assert self.process.wait(READY_SECONDS) == 1, self.said
        assert self.said.count("\n") == 1, self.said
        return self.said.strip()

    def stop(self, number: int = signal.SIGTERM, status: int = 0) -> float:
        """Ask it to stop; how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(STOP_SECONDS * 2) == status, self.said
        return time.monotonic() - began

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError as problem:
            return 0, str(problem)

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def sql(self, statement: str) -> Any:
        with psycopg.connect(self.addresses["DATABASE_URL"], autocommit=True) as database:
            cursor = database.execute(statement)
            return cursor.fetchone() if cursor.description else None

    def pid(self, name: str) -> int:
        """The process of one of its parts, as the launcher has written it down."""
        pid, _ = json.loads((self.data / "processes.json").read_text())[name]
        return int(pid)

    def part(self, name: str) -> psutil.Process:
        return psutil.Process(self.pid(name))

    def family(self) -> list[psutil.Process]:
        head = psutil.Process(self.process.pid)
        return [head, *head.children(recursive=True)]

    def kill_all(self) -> None:
        """As a machine does that loses its power, as far as processes go."""
        for process in self.family():
            kill(process)
        self.process.wait()

    def end(self) -> None:
        """Leave nothing behind, whatever the test found, and at once: nobody needs this data any more."""
        if self._has_ended():
            return
        self.kill_all()
        if (note := self.data / "socket-folder").exists():
            shutil.rmtree(note.read_text().strip(), ignore_errors=True)

    def _has_ended(self) -> bool:
        return self.process.poll() is not None


def kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def wait_for(condition: Callable[[], object], seconds: float, about: Dashboard | None = None) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, about.said if about else "it did not happen in time"
        time.sleep(0.05)
