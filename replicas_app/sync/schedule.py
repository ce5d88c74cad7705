"""When the nightly full sweep is due: once in each night by the clock on the wall, whatever that clock does."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

FARTHEST = timedelta(hours=26)
"""No sweep is planned farther ahead than a day of 25 hours; one that is was planned by a clock that ran wrong."""


def next_sweep_after(moment: datetime) -> datetime:
    """The first `FULL_SWEEP_AT` o'clock after the moment.

    In the night in which an hour comes twice the first of the two counts; where the hour is left out, the moment that
    it would have been by the old clock.
    """
    zone = ZoneInfo(settings.FULL_SWEEP_ZONE)
    today = moment.astimezone(zone).date()
    return next(at for day in range(3) if (at := _sweep_of(today + timedelta(days=day), zone)) > moment)


def _sweep_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(settings.FULL_SWEEP_AT), zone).astimezone(ZoneInfo("UTC"))


def is_due(planned: datetime | None, now: datetime) -> bool:
    return planned is None or planned <= now or planned - now > FARTHEST
