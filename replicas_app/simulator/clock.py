"""The backup server's clock, and times as it writes them.

Moments are whole microseconds since 1970-01-01 UTC everywhere in the simulator: they add, compare and sort as integers.
"""

import re
import time
from datetime import UTC, datetime, timedelta, timezone

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BARE_UNIX_EPOCH = _UNIX_EPOCH.replace(tzinfo=None)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,9}))?\s*([Zz]|[+-]\d\d:?\d\d)?$")


class Clock:
    """A clock that runs from `start` (None: from the machine's time) and can be moved forward by tests."""

    def __init__(self, start: datetime | None = None, utc_offset: str = "+02:00") -> None:
        self.zone = zone_of(utc_offset)
        self._offset = self.zone.utcoffset(None) // timedelta(microseconds=1)
        self._suffix = utc_offset
        self._start = moment_of(start or datetime.now(UTC))
        self._began = time.monotonic_ns()
        self._advanced = 0
        self._frozen: int | None = None

    def now(self) -> int:
        """The moment that the server believes in."""
        return self._start + self._advanced + self._passed()

    def freeze(self) -> None:
        """From now on time goes by in `advance` alone."""
        self._frozen = self._passed()

    def advance(self, seconds: float) -> None:
        """Let `seconds` go by at once: tokens expire, jobs run, points age out."""
        self._advanced += round(seconds * SECOND)

    def move_to(self, when: datetime) -> None:
        """Let time go by until `when` at once, backwards too; what the clock shows then depends on nothing else."""
        self._advanced += moment_of(when) - self.now()

    def _passed(self) -> int:
        return (time.monotonic_ns() - self._began) // 1000 if self._frozen is None else self._frozen

    def text(self, moment: int) -> str:
        """As real servers write it: local time with its offset, trailing zeros of the fraction cut off."""
        return bare_text(moment + self._offset) + self._suffix

    def parse(self, text: str) -> int:
        """The moment that a client names; without an offset the server's zone is meant. ValueError if it is none."""
        return parse_time(text, self.zone)


def zone_of(offset: str) -> timezone:
    """`+02:00` as a zone. ValueError for anything else."""
    found = re.fullmatch(r"([+-])(\d\d):(\d\d)", offset)
    if not found:
        raise ValueError(f"{offset!r} is no offset from UTC such as +02:00")
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))


def moment_of(when: datetime) -> int:
    return (when.astimezone(UTC) - _UNIX_EPOCH) // timedelta(microseconds=1)


def bare_text(moment: int) -> str:
    """In UTC, without saying so."""
    seconds, fraction = divmod(moment, SECOND)
    whole = (_BARE_UNIX_EPOCH + timedelta(seconds=seconds)).isoformat()
    return f"{whole}.{fraction:06d}".rstrip("0") if fraction else whole


def parse_time(text: str, zone: timezone) -> int:
    """ISO 8601 with one to nine fraction digits (beyond the sixth they are cut). ValueError for anything else."""
    found = _ISO.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no date and time")
    day, minutes, seconds, fraction, offset = found.groups()
    when = datetime.fromisoformat(f"{day}T{minutes}{seconds or ':00'}{_offset(offset)}")
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    return (when - _UNIX_EPOCH) // timedelta(microseconds=1) + int((fraction or "0").ljust(6, "0")[:6])


def _offset(text: str | None) -> str:
    if not text:
        return ""
    if text in "Zz":
        return "+00:00"
    return text if ":" in text else f"{text[:3]}:{text[3:]}"
