"""Moments, ages and durations in words. Moments are aware and shown in UTC; no age is ever negative."""

from datetime import UTC, datetime, timedelta

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SET_BACK_BY = HOUR
"""What lies ahead of the clock that gave it by no more than this is new: that clock was set back since."""


def utc_words(moment: datetime) -> str:
    """`25 Nov 2026, 13:31 UTC`."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment.hour:02}:{moment.minute:02} UTC"


def their_clock(now: datetime, skew_seconds: float | None) -> datetime:
    """What the clock of a backup server shows at our `now`. `skew_seconds`: theirs minus ours; None while unknown."""
    return now + timedelta(seconds=skew_seconds or 0)


def age_at(moment: datetime, now: datetime) -> timedelta:
    """How long before `now` something was. Never negative, but for what no clock that was merely set back explains."""
    age = now - moment
    return timedelta(0) if -SET_BACK_BY < age < timedelta(0) else age


def their_age(moment: datetime, now: datetime, skew_seconds: float | None) -> timedelta:
    """How long ago a backup server's `moment` was, by the clock that gave it, whatever ours shows."""
    return age_at(moment, their_clock(now, skew_seconds))


def day_words(moment: datetime) -> str:
    """`25 Nov 2026`, in UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b} {moment.year}"


def beside_words(moment: datetime, other: datetime) -> str:
    """`12:00`; beside a moment of another day `24 Nov, 12:00`, of another year `24 Nov 2025, 12:00`."""
    moment, other = moment.astimezone(UTC), other.astimezone(UTC)
    if moment.date() == other.date():
        return f"{moment:%H:%M}"
    return f"{moment.day} {moment:%b}{'' if moment.year == other.year else f' {moment.year}'}, {moment:%H:%M}"


def age_words(age: timedelta) -> str:
    """How long ago: `35 min`, `2 h 41 min`, from two days on `9 d 4 h`. A moment ahead of our clock is `in 3 min`."""
    if age <= -MINUTE:
        return f"in {_span_words(-age)}"
    return "just now" if age < MINUTE else _span_words(age)


def ago_words(age: timedelta) -> str:
    """The age as the end of a sentence: `35 min ago`, but `just now` and `in 3 min`."""
    words = age_words(age)
    return f"{words} ago" if age >= MINUTE else words


def duration_words(duration: timedelta) -> str:
    """How long something took: `0.4 s`, `41 s`, `4 min 07 s`, `2 h 41 min`, `1 d 13 h`."""
    seconds = max(duration.total_seconds(), 0)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def _span_words(span: timedelta) -> str:
    if span < HOUR:
        return f"{span // MINUTE} min"
    if span < 2 * DAY:
        return f"{span // HOUR} h {span % HOUR // MINUTE:02} min"
    return f"{span // DAY} d {span % DAY // HOUR} h"
