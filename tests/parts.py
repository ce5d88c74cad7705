"""One embedded Postgres and one Valkey for a test session: `python -m tests.parts`.

Prints their addresses, and a data folder that goes with them, as one line of JSON when both are ready. Ends both when
its standard input is closed, which the kernel does for a test session that was killed, too.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.stack import postgres, valkey
from dashboard.stack.command import Command, give_to_ordinary_user

NOT_FOR_KEEPS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "log_min_messages=panic")
READY_SECONDS = 60


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="parts-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        run, queue = home / "run", home / "valkey"
        run.mkdir()
        queue.mkdir()
        give_to_ordinary_user(run)
        password = postgres.new_password()
        postgres.initialise(home / "postgres", password)
        with (
            running(
                postgres.command(home / "postgres", run, NOT_FOR_KEEPS), lambda: postgres.is_ready(home / "postgres")
            ),
            running(valkey.command(queue, run), lambda: valkey.is_ready(run)),
        ):
            told = {
                "DATABASE_URL": postgres.url(run, password),
                "CELERY_BROKER_URL": valkey.url(run),
                "DATA_DIR": str(home / "data"),
            }
            print(json.dumps(told), flush=True)
            sys.stdin.read()


@contextmanager
def running(command: Command, is_ready: Callable[[], bool]) -> Iterator[None]:
    """Start a server, wait until it is ready, and end it by the signal that Postgres and Valkey both end well on."""
    server = subprocess.Popen(command.arguments, stdout=subprocess.DEVNULL, start_new_session=True, **command.options)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command.arguments[0]} did not come up")
            time.sleep(0.02)
        yield
    finally:
        server.send_signal(2)
        server.wait()


if __name__ == "__main__":
    main()
