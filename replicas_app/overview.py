"""The figures of the overview. Every number comes with the address of exactly the rows that it counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count, F, QuerySet, Sum, Window
from django.db.models.functions import TruncDay
from django.urls import reverse

from replicas_app.choices import FAILED_OVER_STATES, EventKind
from replicas_app.filters.vocabulary import MALWARE, PLATFORM, STATES, TYPES, WORST_MALWARE, Vocabulary
from replicas_app.models import BackupServer, Event, Replica, RestorePoint, SyncRun

NEW_WITHIN = timedelta(hours=24)
CHART_DAYS = 30
KEPT_SECONDS = 3600
CHART_WIDTH, CHART_HEIGHT = 1200, 110
RUNS_WITH_NEWS = 8
TOLD_ONE_BY_ONE = 3
"""A group of changes of this size or smaller is told replica by replica."""
ALARMING = ("Suspicious", "Infected")
CHANGE_WORDS = {
    EventKind.APPEARED: ("appeared", "appeared"),
    EventKind.REMOVED: ("is gone", "are gone"),
    EventKind.REAPPEARED: ("is back", "are back"),
    EventKind.STATE: ("changed its state", "changed their state"),
}
TONES = ("critical", "late", "unknown", "ok")
IN_THE_LEDE = 2
"""So many servers that could not be read are named in the first sentence."""
HALF_READ = ("drop", "short", "aside")
"""The causes of `SyncRun.error` after which what came is stored all the same."""


@dataclass(frozen=True)
class Figure:
    """A number, what it counts, its tone, and where its rows stand."""

    words: str
    count: int
    href: str
    tone: str = ""
    share: float = 0
    """Of the largest figure of its group, in percent: the length of its bar."""


@dataclass(frozen=True)
class ServerLine:
    """One server: what it holds, how old that is, and what went wrong at the last read."""

    server: BackupServer
    replicas: int
    points: int
    newest_run: SyncRun | None
    is_stale: bool

    @property
    def reading(self) -> SyncRun | None:
        """The read that is under way."""
        return self.newest_run if self.newest_run and self.newest_run.is_open else None

    @property
    def tone(self) -> str:
        """ok; late: old, or the last read failed; critical: both, or it never succeeded; unknown: nobody asks it."""
        server = self.server
        if not server.is_enabled or (server.last_success_at is None and not server.last_error):
            return "unknown"
        if server.last_error and not self.is_half_read and (self.is_stale or server.last_success_at is None):
            return "critical"
        return "late" if server.last_error or self.is_stale else "ok"

    @property
    def is_half_read(self) -> bool:
        """Whether the last read brought something, but not all."""
        return self.server.last_error_cause in HALF_READ

    @property
    def is_unread(self) -> bool:
        """Whether there is no data of an enabled server, or only such that is older than it should be."""
        return self.server.is_enabled and (self.is_stale or self.server.last_success_at is None)

    @property
    def replicas_href(self) -> str:
        return replicas_address(server=self.server.pk)

    @property
    def points_href(self) -> str:
        return points_address(server=self.server.pk)


@dataclass(frozen=True)
class Told:
    """One replica and what happened to it, where there are so few that each is told."""

    replica: Replica
    words: str

    @classmethod
    def of(cls, event: Event) -> "Told":
        if event.kind != EventKind.STATE:
            return cls(event.replica, "")
        return cls(event.replica, f"{_state(event.old)} → {_state(event.new)}")


@dataclass(frozen=True)
class Change:
    """What one read of one server saw happen in one way: `412 replicas appeared`."""

    run: SyncRun
    kind: str
    count: int
    told: list[Told]
    """Each of them where they are few; empty where they are many."""

    @property
    def words(self) -> str:
        """The end of the sentence that begins with the replicas."""
        one, many = CHANGE_WORDS.get(self.kind, (self.kind, self.kind))
        return one if self.count == 1 else many

    @property
    def href(self) -> str:
        return f"{self.run.get_absolute_url()}?{urlencode({'kind': self.kind})}"


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


class Overview:
    """The figures of one moment, each read from the database when it is asked for, and once."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    @cached_property
    def servers(self) -> list[ServerLine]:
        return server_lines(BackupServer.objects.by_name(), self.now)

    @property
    def worst_first(self) -> list[ServerLine]:
        return sorted(self.servers, key=lambda line: TONES.index(line.tone))

    @cached_property
    def unread(self) -> list[ServerLine]:
        """The servers that are asked and cannot be read, or have not been for a while."""
        return [line for line in self.servers if line.is_unread]

    @property
    def unread_in_lede(self) -> list[ServerLine]:
        return self.unread[:IN_THE_LEDE]

    @property
    def more_unread(self) -> int:
        return len(self.unread[IN_THE_LEDE:])

    @cached_property
    def replicas(self) -> Figure:
        return Figure("replicas", sum(line.replicas for line in self.servers), replicas_address())

    @cached_property
    def points(self) -> Figure:
        return Figure("restore points", sum(line.points for line in self.servers), points_address())

    @cached_property
    def new_points(self) -> Figure:
        since = (self.now - NEW_WITHIN).replace(second=0, microsecond=0)
        count = RestorePoint.objects.present().filter(created_at__gte=since).count()
        return Figure("new in 24 h", count, points_address(created_after=f"{since:%Y-%m-%dT%H:%M}"))

    @cached_property
    def states(self) -> list[Figure]:
        return _figures("state", "state", STATES)

    @cached_property
    def platforms(self) -> list[Figure]:
        return _figures("platform", "platform", PLATFORM)

    @cached_property
    def malware(self) -> list[Figure]:
        """Replicas by the worst of their restore points."""
        return _figures("worst_malware", "malware", WORST_MALWARE)

    @cached_property
    def failed_over(self) -> Figure:
        count = Replica.objects.present().filter(STATES.where("state", FAILED_OVER_STATES)).count()
        return Figure("failed over", count, replicas_address(state=FAILED_OVER_STATES), "late" if count else "")

    @cached_property
    def not_clean(self) -> list[Figure]:
        """Restore points in which a scan found something, the worst first."""
        return [figure for figure in map(self._points_that_are, reversed(ALARMING)) if figure.count]

    @cached_property
    def alarming(self) -> Figure:
        """All restore points in which a scan found something."""
        found = sum(figure.count for figure in self.not_clean)
        return Figure("not clean", found, points_address(malware=ALARMING))

    @cached_property
    def unseen(self) -> Figure:
        """CDP replicas: the API tells neither their state nor their restore points."""
        count = Replica.objects.present().filter(TYPES.where("type", ["CDP"])).count()
        return Figure("CDP", count, replicas_address(type="CDP"), "unknown" if count else "")

    @cached_property
    def days(self) -> list[Day]:
        """The last thirty days, today included, those without a point too."""
        today = self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        first = today - timedelta(days=CHART_DAYS - 1)
        counts = _points_by_day(first)
        most = max(counts.values(), default=1)
        return [_bar(first + timedelta(days=place), counts, most, place) for place in range(CHART_DAYS)]

    @property
    def best_day(self) -> Day:
        return max(self.days, key=lambda day: day.count)

    @cached_property
    def changes(self) -> list[Change]:
        """What the newest reads that saw something change saw, the newest first."""
        runs = {
            run.pk: run for run in SyncRun.objects.with_news().newest_first().select_related("server")[:RUNS_WITH_NEWS]
        }
        events = Event.objects.filter(run__in=runs)
        counted = events.order_by().values_list("run", "kind").annotate(count=Count("pk"))
        few = _told_one_by_one(events)
        changes = [Change(runs[run], kind, count, few[run, kind]) for run, kind, count in counted]
        return sorted(changes, key=lambda change: (-change.run.pk, change.kind))

    def _points_that_are(self, status: str) -> Figure:
        count = RestorePoint.objects.present().filter(MALWARE.where("malware", [status])).count()
        return Figure(MALWARE.words_of(status), count, points_address(malware=status), MALWARE.tone_of(status))


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


def server_lines(servers: Iterable[BackupServer], now: datetime) -> list[ServerLine]:
    """The servers with what they hold, in four queries whatever their number."""
    replicas = Replica.objects.present().order_by().values_list("server").annotate(count=Count("pk"))
    points = Replica.objects.order_by().values_list("server").annotate(sum=Sum("point_count"))
    replicas_of, points_of, newest = dict(replicas), dict(points), SyncRun.objects.newest_by_server()
    return [
        ServerLine(
            server,
            replicas_of.get(server.pk, 0),
            points_of.get(server.pk, 0),
            newest.get(server.pk),
            server.is_stale(now),
        )
        for server in servers
    ]


def server_line(server: BackupServer, now: datetime) -> ServerLine:
    held = Replica.objects.filter(server=server)
    return ServerLine(
        server,
        held.present().count(),
        held.aggregate(sum=Sum("point_count"))["sum"] or 0,
        server.sync_runs.newest_first().first(),
        server.is_stale(now),
    )


def replicas_address(**query: object) -> str:
    return _address("replicas", query)


def points_address(**query: object) -> str:
    return _address("restore-points", query)


def _address(page: str, query: Mapping[str, object]) -> str:
    return f"{reverse(page)}?{urlencode(query, doseq=True)}" if query else reverse(page)


def _figures(column: str, key: str, vocabulary: Vocabulary) -> list[Figure]:
    """How many replicas hold which value, spellings of one value together, in the vocabulary's order."""
    counts: Counter[str] = Counter()
    for value, count in Replica.objects.present().order_by().values_list(column).annotate(count=Count("pk")):
        counts[vocabulary.asked(value)] += count
    most = max(counts.values(), default=1)
    return [
        Figure(
            vocabulary.words_of(value),
            counts[value],
            replicas_address(**{key: value}),
            vocabulary.tone_of(value),
            share=round(100 * counts[value] / most, 1),
        )
        for value in sorted(counts, key=vocabulary.place_of)
    ]


def _told_one_by_one(events: QuerySet[Event]) -> Mapping[tuple[int, str], list[Told]]:
    """By run and kind, the replicas of the groups that are small enough."""
    together = Window(Count("pk"), partition_by=[F("run"), F("kind")])
    small = events.annotate(together=together).filter(together__lte=TOLD_ONE_BY_ONE)
    found: dict[tuple[int, str], list[Told]] = defaultdict(list)
    for event in small.select_related("replica").order_by("replica__sort_key", "pk"):
        found[event.run_id, event.kind].append(Told.of(event))
    return found


def _state(value: str) -> str:
    return STATES.words_of(STATES.asked(value))
