"""Times as servers write them, read into aware UTC moments.

This is the hottest path of a sync (150,000 points), so the standard library's C parser goes first and everything it
does not take is a second look. Numbers stand in docs/api-client.md.
"""

import re
from datetime import UTC, datetime

FIRST_YEAR = 1980
LAST_YEAR = 2199

_SPELLED = re.compile(
    r"""(?P<day>\d{4}-\d\d-\d\d) [t\ ] (?P<clock>\d\d:\d\d:\d\d) (?:[.,](?P<fraction>\d*))?
        \s* (?P<zone>z|utc|gmt|[+-]\d\d(?::?\d\d)?)?""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_UTC_WORDS = ("z", "utc", "gmt")


class Clock:
    """Reads times, and counts those that came without a zone (they are taken as UTC)."""

    __slots__ = ("naive",)

    def __init__(self) -> None:
        self.naive = 0

    def read(self, text: str) -> datetime | None:
        """The moment in UTC; None for a placeholder (year 1, 1601, 1900, 1970, 9999) that stands for "not set".

        A fraction may have any number of digits; those past microseconds are cut off. Raises ValueError for what is
        no time, TypeError for what is no text.
        """
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = _second_look(text)
        if moment.tzinfo is not UTC:
            moment = self._in_utc(moment)
        return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None

    def _in_utc(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            self.naive += 1
            return moment.replace(tzinfo=UTC)
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # a placeholder at either end of time, moved past it by its offset
            return moment.replace(tzinfo=UTC)


def parse_time(text: str) -> datetime | None:
    """One time, when nobody counts: see `Clock.read`."""
    return Clock().read(text)


def iso(moment: datetime) -> str:
    """The spelling in which we send times: UTC, microseconds, `Z`. Raises ValueError for a naive time."""
    if moment.tzinfo is None:
        raise ValueError("a time that is sent to a server needs a zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _second_look(text: str) -> datetime:
    """Spellings that the C parser does not take: spaces around, a small z, UTC in letters."""
    match = _SPELLED.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a time: {text[:60]!r}")
    zone = match["zone"] or ""
    offset = "+00:00" if zone.lower() in _UTC_WORDS else zone
    return datetime.fromisoformat(f"{match['day']}T{match['clock']}.{match['fraction'] or '0'}{offset}")
