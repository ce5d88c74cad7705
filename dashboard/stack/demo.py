"""The two simulated backup servers of `DEMO=1`.

Each keeps its certificate, its world, its password and its addresses in `DATA_DIR/demo/<name>`. One that somebody
removed from the dashboard is not connected again, and does not run.
"""

import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dashboard import keys
from dashboard.stack.child import Part
from dashboard.stack.command import Command
from dashboard.stack.door import is_free
from dashboard.stack.ours import python

USERNAME = "svc-dashboard"
PASSWORD_VARIABLE = "DEMO_PASSWORD"  # noqa: S105  the name, not the word itself
NEW_WORLD = ("--replicas", "40", "--vms", "2", "--points", "20", "--seed", "oslo")
OLD_WORLD = ("--replicas", "25", "--vms", "3", "--points", "14", "--seed", "bergen", "--api-version", "1.2-rev1")
WORLDS = {"vbr-oslo": NEW_WORLD, "vbr-bergen": OLD_WORLD}
HOST = "127.0.0.1"
READY = " listens at "
"""What the simulator says when it can be called."""


@dataclass(frozen=True)
class DemoServer:
    name: str
    data: Path

    @property
    def folder(self) -> Path:
        return self.data / "demo" / self.name

    @cached_property
    def addresses(self) -> list[str]:
        """All that it ever had; the last is today's: the same as before if its port is free, else a new one.

        Written down before it is used, so that a start that is cut off anywhere leaves nothing unknown.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = self.folder / "addresses"
        had = note.read_text().split() if note.exists() else []
        if not had or not is_free(HOST, _port(had[-1])):
            had.append(f"https://{HOST}:{free_port()}")
            note.write_text("\n".join(had) + "\n")
        return had

    @property
    def address(self) -> str:
        return self.addresses[-1]

    @property
    def was_connected(self) -> bool:
        return (self.folder / "connected").exists()

    def remember_that_it_is_connected(self) -> None:
        (self.folder / "connected").touch()

    def part(self) -> Part:
        arguments = ["-m", "replicas_app.simulator", "--tls", "--port", str(_port(self.address)), "--name", self.name]
        arguments += ["--state-dir", str(self.folder), "--username", USERNAME, "--password-env", PASSWORD_VARIABLE]
        return Part(self.name, self._python(*arguments, *WORLDS[self.name]), lambda pid, said: READY in said)

    def connecting(self) -> Command:
        """The command that makes it known to the dashboard. It has to run by then: its certificate is looked at."""
        arguments = ["manage.py", "add_server", self.name, self.address, "--username", USERNAME, "--trust", "pin"]
        return self._python(*arguments, "--password-env", PASSWORD_VARIABLE)

    def _python(self, *arguments: str) -> Command:
        secret = keys.kept(self.folder / "password", keys.new_password, "DATA_DIR")
        return python(self.data, *arguments, **{PASSWORD_VARIABLE: secret})


def servers(data: Path) -> list[DemoServer]:
    return [DemoServer(name, data) for name in WORLDS]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
