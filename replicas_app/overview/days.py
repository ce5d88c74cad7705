"""The restore points of the last thirty days, day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from django.core.cache import cache
from django.db.models import Count
from django.db.models.functions import TruncDay

from replicas_app.models import BackupServer, RestorePoint, SyncRun
from replicas_app.overview.figures import points_address

CHART_DAYS = 30
CHART_WIDTH, CHART_HEIGHT = 1200, 110
KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Day:
    """The restore points that were created on one day (UTC) and are still there, and their bar in the chart."""

    day: datetime
    count: int
    x: float
    height: int

    @property
    def y(self) -> int:
        return CHART_HEIGHT - self.height

    @property
    def href(self) -> str:
        """Both ends count in the list, so the day ends with its last microsecond."""
        last = self.day + timedelta(days=1, microseconds=-1)
        return points_address(created_after=f"{self.day:%Y-%m-%dT%H:%M}", created_before=f"{last:%Y-%m-%dT%H:%M:%S.%f}")


def last_days(now: datetime) -> list[Day]:
    """The last thirty days, today included, those without a point too."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=CHART_DAYS - 1)
    counts = _points_by_day(first)
    most = max(counts.values(), default=1)
    return [_bar(first + timedelta(days=place), counts, most, place) for place in range(CHART_DAYS)]


def _points_by_day(first: datetime) -> dict[datetime, int]:
    """Counted anew when a read has changed a restore point, or a server is gone: it takes half a second a million."""
    newest = SyncRun.objects.with_new_points().newest_first().values_list("pk", flat=True).first()
    key = f"points-by-day-{first:%Y-%m-%d}-{newest}-{BackupServer.objects.count()}"
    return cache.get_or_set(key, partial(_count_points_by_day, first), timeout=KEPT_SECONDS)


def _count_points_by_day(first: datetime) -> dict[datetime, int]:
    points = RestorePoint.objects.present()
    points = points.filter(created_at__gte=first, created_at__lt=first + timedelta(days=CHART_DAYS))
    days = points.annotate(day=TruncDay("created_at", tzinfo=UTC)).order_by().values_list("day")
    return dict(days.annotate(count=Count("pk")))


def _bar(day: datetime, counts: Mapping[datetime, int], most: int, place: int) -> Day:
    count = counts.get(day, 0)
    height = max(1, round(count * CHART_HEIGHT / most)) if count else 0
    return Day(day, count, round(place * CHART_WIDTH / CHART_DAYS, 1), height)
