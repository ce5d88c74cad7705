"""Environment variables as people set them: empty means absent, and what cannot be read is refused by name."""

import os
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

PROJECT = Path(__file__).resolve().parent.parent


class Misconfigured(ImproperlyConfigured):
    """A variable cannot be used; the text is one sentence with its name and without any secret."""


def text(name: str, default: str = "") -> str:
    """The variable without the line break that a secret file leaves at its end."""
    value = os.environ.get(name, "").rstrip("\r\n")
    return value if value.strip() else default


def flag(name: str, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise Misconfigured(f"{name} must be 1 or 0.")


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdecimal() and least <= int(value) <= most):
        raise Misconfigured(f"{name} must be a whole number from {least} to {most}.")
    return int(value)


def clock_time(name: str, default: str) -> str:
    """A time of day as HH:MM."""
    value = text(name, default).strip()
    try:
        time.fromisoformat(value)
    except ValueError:
        raise Misconfigured(f"{name} must be a time of day such as {default}.") from None
    return value


def zone(name: str, *defaults: str) -> str:
    """A time zone by its name in the IANA database; of the defaults the first that is one."""
    value = text(name).strip()
    if value and not _is_zone(value):
        raise Misconfigured(f"{name} must be the name of a time zone such as Europe/Berlin.")
    return value or next(filter(_is_zone, defaults))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not there; a folder; no name at all
        return False
    return True


def words(name: str) -> list[str]:
    """The variable's parts between commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def data_folder() -> Path:
    """Where everything that must survive lies; it need not exist yet."""
    named = text("DATA_DIR")
    return Path(named).expanduser().absolute() if named else PROJECT / ".data"
