"""The embedded Postgres: one folder of data, one Unix socket, no TCP."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from dashboard.stack import programs
from dashboard.stack.command import Command
from dashboard.stack.ownership import Owner
from dashboard.stack.refusal import CannotStart, full_disk

MAJOR = "18"
SETTINGS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "logging_collector=off",
    "log_checkpoints=off",
    "lc_messages=C",
    "log_min_messages=log",  # above errors of single statements: who sent one is told of it
)
HERE = Path("/proc/self/cwd")
"""The data folder as another user's Postgres is told of it, who could not walk to it through closed parent folders."""


def unfinished(data: Path) -> Path:
    """Where a cluster is laid out before it gets its name."""
    return data.with_name(f"{data.name}.new")


@dataclass(frozen=True)
class Postgres:
    """A cluster in the folder `data`, with its socket in the folder `run`."""

    data: Path
    run: Path
    password: str

    @cached_property
    def owner(self) -> Owner:
        return Owner.of(self.data)

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.password}@/postgres?host={quote(str(self.run), safe='')}"

    def prepare(self) -> None:
        """Lay out the cluster if there is none yet. One that was cut off in the making never got its name.

        Raises:
            CannotStart: the data is of another major version, or no data of Postgres, or cannot be laid out.
        """
        self.owner.take(self.run)
        if self.data.exists():
            self._insist_on_our_major()
        else:
            self._initialise()

    def command(self, *settings: str) -> Command:
        """How to start the server."""
        arguments = [str(self._programs / "postgres"), "-D", self._named(self.data), "-k", str(self.run)]
        for setting in (*SETTINGS, *settings):
            arguments += ["-c", setting]
        return Command(tuple(arguments), self.owner.options(self.data))

    def is_ready(self, pid: int) -> bool:
        """Whether the server that is this process takes connections: it says so in the eighth line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    @cached_property
    def _programs(self) -> Path:
        return programs.postgres_for(self.owner, self.run)

    def _initialise(self) -> None:
        fresh = unfinished(self.data)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        self.owner.take(fresh)
        with tempfile.TemporaryFile() as file:
            file.write(self.password.encode() + b"\n")
            file.seek(0)
            self.owner.take(file.fileno())
            self._initdb(fresh, password_file=file.fileno())
        fresh.rename(self.data)

    def _initdb(self, fresh: Path, password_file: int) -> None:
        arguments = [self._programs / "initdb", "-D", self._named(fresh), "-U", "postgres", "-E", "UTF8"]
        arguments += ["--locale=C.UTF-8", "--auth-local=scram-sha-256", "--auth-host=reject"]
        arguments += [f"--pwfile=/dev/fd/{password_file}"]
        options = self.owner.options(fresh)
        done = subprocess.run(arguments, capture_output=True, text=True, pass_fds=[password_file], **options)
        if "No space left on device" in done.stderr:
            raise CannotStart(full_disk(self.data.parent))
        if done.returncode:
            reasons = [line for line in done.stderr.splitlines() if re.search("error|FATAL", line)]
            why = (reasons or done.stderr.splitlines() or ["it does not say why"])[0]
            raise CannotStart(f"Postgres could not lay out its data in {self.data.parent}: {why}")

    def _insist_on_our_major(self) -> None:
        try:
            major = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise CannotStart(
                f"{self.data} holds no data of Postgres: move it away to start afresh, or put a backup in its place."
            ) from None
        if major != MAJOR:
            raise CannotStart(
                f"The data in {self.data} was written by PostgreSQL {major}, and this is {MAJOR}: start the version of"
                " the dashboard that wrote it, dump it with pg_dump, and restore it into a new DATA_DIR."
            )

    def _named(self, folder: Path) -> str:
        return str(folder) if self.owner.is_us or not HERE.exists() else str(HERE)
