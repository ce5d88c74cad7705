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

from dashboard.stack.command import Command
from dashboard.stack.postgres import Postgres
from dashboard.stack.valkey import Valkey

NOT_FOR_KEEPS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "log_min_messages=panic")
READY_SECONDS = 60


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="parts-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        run = home / "run"
        run.mkdir()
        with parts(home, run, *NOT_FOR_KEEPS) as told:
            print(json.dumps(told), flush=True)
            sys.stdin.read()


@contextmanager
def parts(home: Path, run: Path, *settings: str, log: Path | None = None) -> Iterator[dict[str, str]]:
    """Both servers, their data in `home`, their sockets in `run`; what to put into the environment of their users.

    Postgres runs with these settings, and writes what it has to say into `log`, if one is given.
    """
    postgres = Postgres(home / "pg", run, "not-a-secret")
    valkey = Valkey(home / "valkey", run)
    (home / "data" / "static").mkdir(parents=True)  # whitenoise looks for it
    postgres.prepare()
    valkey.prepare()
    with (
        running(postgres.command(*settings), postgres.is_ready, log),
        running(valkey.command(), lambda _: valkey.is_ready()),
    ):
        yield {"DATABASE_URL": postgres.url, "CELERY_BROKER_URL": valkey.url, "DATA_DIR": str(home / "data")}


@contextmanager
def running(command: Command, is_ready: Callable[[int], bool], log: Path | None = None) -> Iterator[None]:
    """Start a server, wait until it is ready, and end it by the signal that Postgres and Valkey both end well on."""
    words = {"stderr": log.open("ab")} if log else {}
    server = subprocess.Popen(
        command.arguments, stdout=subprocess.DEVNULL, start_new_session=True, **command.options, **words
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready(server.pid):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command.arguments[0]} did not come up")
            time.sleep(0.02)
        yield
    finally:
        server.send_signal(2)
        server.wait()


if __name__ == "__main__":
    main()
