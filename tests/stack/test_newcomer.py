"""From a clone to the dashboard by `make run`, as somebody who is not root, in a folder with a space in its name."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.stack.running import PROJECT, STOP_SECONDS, Dashboard
from tests.stopwatch import Stopwatch

COLD_SECONDS = 90
WARM_SECONDS = 15
NOT_IN_A_CLONE = shutil.ignore_patterns(".git", ".venv", ".data", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture
def start() -> Iterator[Callable[..., Dashboard]]:
    """Starts `make run` in a fresh copy of the project. Root does it as `nobody`."""
    home = Path(tempfile.mkdtemp(prefix="newcomer-", dir="/tmp"))
    shutil.copytree(PROJECT, home / "the project", ignore=NOT_IN_A_CLONE)
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    if user:
        home.chmod(0o711)
        subprocess.run(["chown", "-R", str(user), home], check=True)
    started: list[Dashboard] = []

    def start(data: Path = home / "the project" / ".data", **variables: str) -> Dashboard:
        where = {"command": ("make", "run"), "folder": home / "the project", "user": user, "PYTHON": python_for(user)}
        started.append(Dashboard(data, **where, HOME=str(home), **variables))
        return started[-1]

    yield start
    for dashboard in started:
        dashboard.end()
    shutil.rmtree(home)


def python_for(user: int | None) -> str:
    """A Python that this user may start: a test's own may lie under root's closed home."""
    options = {"user": user, "group": user, "extra_groups": [], "cwd": "/"} if user else {}
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            code = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
            if (
                subprocess.run([os.path.realpath(python), "-c", code], stderr=subprocess.PIPE, **options).returncode
                == 0
            ):
                return os.path.realpath(python)
        except OSError:
            continue
    pytest.skip("NOT TESTED AS A NEWCOMER: no Python 3.11 with venv here that an ordinary user may start")


def test_make_run_goes_from_nothing_to_ready_and_from_there_again(start):
    with Stopwatch() as cold_start:
        cold = start().ready()
    family = cold.family()

    stop_seconds = cold.stop(status=-signal.SIGTERM)  # make passes the signal on, waits, and ends by it itself
    with Stopwatch() as warm_start:
        warm = start().ready()

    assert cold_start.seconds < COLD_SECONDS
    assert warm_start.seconds < WARM_SECONDS
    assert stop_seconds < STOP_SECONDS
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert warm.is_ready()
    warm.end()
