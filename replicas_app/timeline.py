"""The restore points of one VM along a line of time: each a link, and where they stand too close, a link to their rows.

The drawing is SVG in a template; here is worked out what stands where, in units of that drawing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil

from replicas_app.models import RestorePoint
from replicas_app.times import DAY, age_words, utc_words

WIDTH = 1200
"""From the beginning of the line to now."""
CLOSE = 11
"""Marks that stand closer than this would cover each other: they are drawn as one run."""
MOST = 5000
"""Points that are drawn; of more, the newest ones."""
SPANS = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "all": None}
LONGEST_FIRST = "month"
QUIET = ("ok", "unknown")
ROOM_FOR_WORDS = 150
ROOM_FOR_NOW = 100


@dataclass(frozen=True)
class Mark:
    """One point, or a run of them."""

    start: float
    end: float
    tone: str
    words: str
    href: str

    @property
    def is_run(self) -> bool:
        return self.end > self.start

    @property
    def x(self) -> str:
        return f"{self.start:.1f}"

    @property
    def width(self) -> str:
        return f"{self.end - self.start:.1f}"


@dataclass(frozen=True)
class Timeline:
    """`points`: the newest first. `now`: by the clock that gave the points their times."""

    points: list[RestorePoint]
    since: datetime
    now: datetime
    rows_between: Callable[[datetime, datetime], str]
    """The address of the rows from one moment to another, both included."""

    @cached_property
    def marks(self) -> list[Mark]:
        """From left to right."""
        return [self._mark(group) for group in self._groups]

    @property
    def words(self) -> str:
        count = len(self.points)
        if not count:
            return f"No restore point since {utc_words(self.since)}"
        first, last = self.points[-1].created_at, self.points[0].created_at
        if count == 1:
            return f"1 restore point, {utc_words(last)}"
        return f"{count:,} restore points between {utc_words(first)} and {utc_words(last)}"

    @property
    def is_cut(self) -> bool:
        return len(self.points) >= MOST

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """(place, words) of the moments that are written below the line, but for now: a day where it begins."""
        quarter = (self.now - self.since) / 4
        is_long = quarter >= DAY
        first = _next_midnight(self.since) if is_long else self.since
        step = DAY * ceil(quarter / DAY) if is_long else quarter
        words = self._day_words if is_long else self._clock_words
        moments = [first + step * part for part in range(4)]
        return [(f"{self._place(one):.0f}", words(one)) for one in moments if self._place(one) < WIDTH - ROOM_FOR_NOW]

    @property
    def silence(self) -> tuple[str, str]:
        """(place, words) of the time since the newest point, where there is room to say it; else empty."""
        if not self.points:
            return "", ""
        newest = self._place(self.points[0].created_at)
        words = f"none for {age_words(self.now - self.points[0].created_at)}"
        return (f"{(newest + WIDTH) / 2:.0f}", words) if WIDTH - newest > ROOM_FOR_WORDS else ("", "")

    @property
    def end_of_line(self) -> str:
        return f"{self._place(self.points[0].created_at):.1f}" if self.points else "0"

    @property
    def _groups(self) -> Iterable[list[RestorePoint]]:
        """The points from left to right, those together that are drawn as one. What is not clean stands alone."""
        group: list[RestorePoint] = []
        for point in reversed(self.points):
            if group and not self._are_one(group[-1], point):
                yield group
                group = []
            group.append(point)
        if group:
            yield group

    def _are_one(self, older: RestorePoint, newer: RestorePoint) -> bool:
        is_quiet = older.malware_tone in QUIET and newer.malware_tone in QUIET
        return is_quiet and self._place(newer.created_at) - self._place(older.created_at) < CLOSE

    def _mark(self, group: list[RestorePoint]) -> Mark:
        first, last = group[0], group[-1]
        start, end = self._place(first.created_at), self._place(last.created_at)
        if len(group) == 1:
            words = f"{utc_words(first.created_at)}: {first.malware_words}"
            return Mark(start, start, first.malware_tone, words, first.get_absolute_url())
        words = f"{len(group):,} points, {utc_words(first.created_at)} to {utc_words(last.created_at)}"
        href = self.rows_between(first.created_at, last.created_at)
        return Mark(start, max(end, start + 1), "", f"{words}: {_quiet_words(group)}", href)

    def _place(self, moment: datetime) -> float:
        """A moment ahead of the clock stands at the right edge."""
        return WIDTH * min(max((moment - self.since) / (self.now - self.since), 0), 1)

    def _day_words(self, moment: datetime) -> str:
        moment = moment.astimezone(UTC)
        return f"{moment.day} {moment:%b}" if self.now - self.since < 300 * DAY else f"{moment.day} {moment:%b %Y}"

    def _clock_words(self, moment: datetime) -> str:
        return f"{self._day_words(moment)}, {moment.astimezone(UTC):%H:%M}"


def _next_midnight(moment: datetime) -> datetime:
    """In UTC; the moment itself where it is one."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day if day == moment else day + DAY


def _quiet_words(group: list[RestorePoint]) -> str:
    others = sum(point.malware_tone != "ok" for point in group)
    return f"{others:,} not known to be clean" if others else "all clean"


def first_span(oldest: datetime | None, now: datetime) -> str:
    """How far back the line reaches when nobody asks: over all points, if that is not more than a month."""
    age = now - oldest if oldest else DAY
    return next((span for span, length in SPANS.items() if length and age <= length), LONGEST_FIRST)


def since_when(span: str, oldest: datetime | None, now: datetime) -> datetime:
    """Where the line begins: so long ago as the span says, or at the oldest point, where that is asked for."""
    length = SPANS[span]
    begin = now - length if length else min(oldest or now, now)
    return min(begin, now - timedelta(minutes=1))
