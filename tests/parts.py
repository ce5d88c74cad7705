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
        postgres = Postgres(home / "pg", run, "not-a-secret")
        valkey = Valkey(home / "valkey", run)
        (home / "data" / "static").mkdir(parents=True)  # whitenoise looks for it
        postgres.prepare()
        valkey.prepare()
        with (
            running(postgres.command(*NOT_FOR_KEEPS), postgres.is_ready),
            running(valkey.command(), lambda _: valkey.is_ready()),
        ):
            told = {"DATABASE_URL": postgres.url, "CELERY_BROKER_URL": valkey.url, "DATA_DIR": str(home / "data")}
            print(json.dumps(told), flush=True)
            sys.stdin.read()


@contextmanager
def running(command: Command, is_ready: Callable[[int], bool]) -> Iterator[None]:
    """Start a server, wait until it is ready, and end it by the signal that Postgres and Valkey both end well on."""
    server = subprocess.Popen(command.arguments, stdout=subprocess.DEVNULL, start_new_session=True, **command.options)
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
