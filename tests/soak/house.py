"""The dashboard as `make run` starts it, over simulated backup servers that move; and eyes to see into its database."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg

from tests.simulated import Simulated
from tests.stack.running import PROJECT, Dashboard, surroundings

ADMIN_PASSWORD = "correct horse battery staple"
VBR_PASSWORD = "pw1"
INTERVAL_SECONDS = 15
"""The shortest that a person can choose."""
COMMAND_SECONDS = 90
SLOW = [
    {"path": "^/api/v1/replica(s|Points)$|/replicaPoints$", "method": "GET", "action": "delay", "seconds": 0.1},
    {"path": "^/api/v1/replicas/rescan$", "method": "POST", "action": "delay", "seconds": 0.6},
    {"path": "^/api/v1/sessions/[^/]+$", "method": "GET", "action": "delay", "seconds": 0.3},
]
"""So that each phase lasts a moment: pages and polls take time, and a rescan is carried out long before its answer."""
WORLD = {
    "replicas": 60,
    "vms": 2,
    "points": 10,
    "still": False,
    "max_limit": 40,
    "rescan_seconds": 4,
    "faults": SLOW,
}
WORLDS = {"vbr-a": WORLD, "vbr-b": WORLD, "vbr-old": WORLD | {"bulk_points": False, "replicas": 25}}


class House:
    """A running dashboard that reads the simulated servers of `WORLDS`."""

    def __init__(self, dashboard: Dashboard, worlds: list[Simulated]) -> None:
        self.dashboard = dashboard
        self.worlds = dict(zip(WORLDS, worlds, strict=True))
        self.ports = {int(re.search(r":(\d+)$", world.servers[0].url)[1]) for world in worlds}

    @property
    def names(self) -> list[str]:
        return list(self.worlds)

    def connect(self) -> None:
        """Make the servers known to the dashboard, as a person does at the shell."""
        for name, world in self.worlds.items():
            self.manage("add_server", name, world.servers[0].url, "--username", "svc", "--trust", "pin",
                        "--password-env", "SOAK_VBR_PASSWORD")  # fmt: skip
        self.dashboard.sql(f"UPDATE backup_server SET sync_interval_seconds = {INTERVAL_SECONDS}")

    def manage(self, *arguments: str) -> None:
        """Run `manage.py`; that it fails is an error."""
        if words := self.failure_of(*arguments):
            raise SystemExit(words)

    def failure_of(self, *arguments: str) -> str:
        """What `manage.py` said where it failed, or what it had not done in time; empty where all went well."""
        environment = surroundings(self.dashboard.data) | {"SOAK_VBR_PASSWORD": VBR_PASSWORD}
        command = [sys.executable, "manage.py", *arguments]
        words = f"manage.py {' '.join(arguments)}"
        try:
            done = subprocess.run(
                command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"{words} did not end"
        return f"{words} failed:\n{done.stdout}{done.stderr}" if done.returncode else ""

    def part(self, name: str) -> psutil.Process | None:
        """The process of one of its parts; None while there is none."""
        try:
            return self.dashboard.part(name)
        except psutil.NoSuchProcess:
            return None

    def speaks_with_a_server(self, process: psutil.Process) -> bool:
        try:
            return any(one.raddr and one.raddr.port in self.ports for one in process.net_connections("tcp"))
        except psutil.NoSuchProcess:
            return False


class Eyes:
    """Looks into the database, also where that is killed again and again."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._connection: psycopg.Connection | None = None

    def rows(self, statement: LiteralString, *given: Any) -> list[tuple] | None:
        """What the statement finds; None while the database is away."""
        try:
            if self._connection is None or self._connection.closed:
                address = self._dashboard.addresses["DATABASE_URL"]
                self._connection = psycopg.connect(address, autocommit=True, connect_timeout=5)
            return self._connection.execute(statement, given).fetchall()
        except psycopg.OperationalError:
            self.close()
            return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def house(data: Path, log: Path) -> Iterator[House]:
    """The dashboard lives in `data`, which is gone afterwards; what it said stays in `log`."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    with ExitStack() as running:
        worlds = [running.enter_context(Simulated(1, options)) for options in WORLDS.values()]
        dashboard = Dashboard(data, ADMIN_PASSWORD=ADMIN_PASSWORD, RESCAN_COOL_DOWN_SECONDS="0")
        try:
            yield House(dashboard.ready(), worlds)
        finally:
            log.write_text(dashboard.said)
            dashboard.end()
            dashboard.output.close()
            shutil.rmtree(data, ignore_errors=True)
