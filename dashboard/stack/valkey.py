"""The embedded Valkey: one folder with its append-only file, one Unix socket, no TCP."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dashboard.stack import programs
from dashboard.stack.command import Command

ONCE = Retry(NoBackoff(), 0)
DAMAGED = "bad file format reading the append only file"
"""What the server says, among more, when it finds garbage in the middle of its file."""


@dataclass(frozen=True)
class Valkey:
    """A queue kept in the folder `data`, with its socket in the folder `run`."""

    data: Path
    run: Path

    @property
    def socket(self) -> Path:
        return self.run / "v.sock"

    @property
    def url(self) -> str:
        return "redis+socket://" + quote(str(self.socket))

    def prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> Command:
        """How to start the server."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        return Command((str(programs.valkey_server()), *arguments), {"cwd": self.data, "umask": 0o077})

    def is_ready(self) -> bool:
        """Whether the server takes commands."""
        try:
            with Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=ONCE) as server:
                return server.ping()
        except RedisError:
            return False

    def mend(self, said: str) -> str:
        """After a start that failed with these words: move a damaged file aside, and say so. Empty if that was not it.

        What lay in the queue is asked for anew, for the wishes themselves are rows in Postgres.
        """
        if DAMAGED not in said.lower():
            return ""
        aside = self.data / f"appendonlydir.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        (self.data / "appendonlydir").rename(aside)
        return f"The queue's file was damaged and lies in {aside} now; what is open is queued again from the database"
