"""Small pictures as SVG, drawn by the server: they need no script, print, and say what they show to a screen reader."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

STRIP_DAYS = 7
STRIP_WIDTH = STRIP_DAYS * 24
"""In units of the drawing: one for an hour."""
CLOSE_HOURS = 2.4
"""Ticks that stand closer than this could not be told apart: from three on they are drawn as one run."""
ALARMS = {"Suspicious": "doubt", "Infected": "bad"}
DAY_LINES = "".join(f"M{hour} 0v16" for hour in range(24, STRIP_WIDTH, 24))


def strip(points: Iterable[tuple[datetime, str]], now: datetime) -> SafeString:
    """The restore points of the seven days before `now`: a tick each, a run where they stand too close, a thick tick
    in colour where one is not clean. `points`: (moment, malware status), in the order of time.
    """
    first = now - timedelta(days=STRIP_DAYS)
    recent = [(_place(moment, now), malware) for moment, malware in points if moment >= first]
    runs, ticks = _runs_and_ticks([place for place, _ in recent])
    alarms = {status: [place for place, malware in recent if malware == status] for status in ALARMS}
    return format_html(
        '<svg class="strip" viewBox="0 0 {} 16" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="runs" d="{}"/><path class="days" d="{}"/><path class="points" d="{}"/>'
        '<path class="doubt" d="{}"/><path class="bad" d="{}"/></svg>',
        STRIP_WIDTH,
        _strip_words(len(recent), {status: len(places) for status, places in alarms.items()}),
        "".join(f"M{start:.1f} 5h{max(end - start, 1):.1f}v6h-{max(end - start, 1):.1f}z" for start, end in runs),
        DAY_LINES,
        "".join(f"M{place:.1f} 3v10" for place in ticks),
        *("".join(f"M{place:.1f} 1v14" for place in places) for places in alarms.values()),
    )


def _place(moment: datetime, now: datetime) -> float:
    """Hours from the left edge; a moment ahead of our clock stands at the right edge."""
    return STRIP_WIDTH - max((now - moment) / timedelta(hours=1), 0)


def _runs_and_ticks(places: Sequence[float]) -> tuple[list[tuple[float, float]], list[float]]:
    groups: list[list[float]] = []
    for place in places:
        if groups and place - groups[-1][-1] < CLOSE_HOURS:
            groups[-1].append(place)
        else:
            groups.append([place])
    runs = [(group[0], group[-1]) for group in groups if len(group) > 2]
    return runs, [place for group in groups if len(group) <= 2 for place in group]


def _strip_words(count: int, alarms: dict[str, int]) -> str:
    if not count:
        return f"No restore point in the last {STRIP_DAYS} days"
    words = f"{count} restore point{'s' if count > 1 else ''} in the last {STRIP_DAYS} days"
    return ", ".join([words, *(f"{number} {status.lower()}" for status, number in alarms.items() if number)])
