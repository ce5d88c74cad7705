"""How other processes find the embedded Postgres and Valkey: a file in the data folder, there while they run."""

import json
import os
from pathlib import Path
from urllib.parse import quote


def told(data: Path) -> dict[str, str]:
    """The addresses of what runs on this data folder; where nothing runs, addresses at which nothing answers."""
    nowhere = quote(str(data / "not-running"), safe="")
    down = {
        "DATABASE_URL": f"postgresql:///postgres?host={nowhere}",
        "CELERY_BROKER_URL": f"redis+socket:///{nowhere}",
    }
    try:
        said = json.loads(_file(data).read_text())
    except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError):  # the last one: torn by a power cut
        return down
    return down | said if isinstance(said, dict) else down


def tell(data: Path, addresses: dict[str, str]) -> None:
    """Write the addresses down for `told`; only we may read them, for they hold the password."""
    unnamed = _file(data).with_suffix(".new")
    unnamed.unlink(missing_ok=True)
    with os.fdopen(os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(addresses, file)
    unnamed.replace(_file(data))


def forget(data: Path) -> None:
    _file(data).unlink(missing_ok=True)


def _file(data: Path) -> Path:
    return data / "running.json"
