"""The figures of the overview. Every number comes with the address of exactly the rows that it counts."""

from datetime import datetime, timedelta
from functools import cached_property
from statistics import median_low

from replicas_app.choices import FAILED_OVER_STATES, NOT_SCANNED_VALUE
from replicas_app.filters.vocabulary import MALWARE, PLATFORM, STATES, TYPES, WORST_MALWARE
from replicas_app.models import BackupServer, Replica, RestorePoint
from replicas_app.overview.changes import Change, newest_changes
from replicas_app.overview.days import Day, last_days
from replicas_app.overview.figures import Figure, figures_of, points_address, replicas_address
from replicas_app.overview.lines import ServerLine, server_line, server_lines
from replicas_app.times import their_clock

__all__ = ["Overview", "ServerLine", "server_line", "server_lines"]

NEW_WITHIN = timedelta(hours=24)
ALARMING = ("Suspicious", "Infected")
TONES = ("critical", "late", "unknown", "ok")
IN_THE_LEDE = 2
"""So many servers that could not be read are named in the first sentence."""


class Overview:
    """The figures of one moment, each read from the database when it is asked for, and once."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    @cached_property
    def servers(self) -> list[ServerLine]:
        return server_lines(BackupServer.objects.by_name(), self.now)

    @cached_property
    def their_now(self) -> datetime:
        """What the clock of the middle one of the servers shows: where all of them differ from ours, ours is wrong."""
        skews = [line.server.clock_skew_seconds for line in self.servers if line.server.is_enabled]
        known = [skew for skew in skews if skew is not None]
        return their_clock(self.now, median_low(known) if known else None)

    @property
    def is_anything_known(self) -> bool:
        """Whether a read of any server has come through: before, a zero would be no fact."""
        return any(line.server.last_success_at or line.replicas for line in self.servers)

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

    @cached_property
    def failed_reads(self) -> int:
        """How many servers besides could not be read at the last try, though what they hold is not old yet."""
        failed = [line for line in self.servers if line.tone == "late" and line.server.last_error]
        return sum(not line.is_stale and not line.is_half_read for line in failed)

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
        since = (self.their_now - NEW_WITHIN).replace(second=0, microsecond=0)
        count = RestorePoint.objects.present().filter(created_at__gte=since).count()
        return Figure("new in 24 h", count, points_address(created_after=f"{since:%Y-%m-%dT%H:%M}"))

    @cached_property
    def states(self) -> list[Figure]:
        return figures_of("state", "state", STATES)

    @cached_property
    def platforms(self) -> list[Figure]:
        return figures_of("platform", "platform", PLATFORM)

    @cached_property
    def malware(self) -> list[Figure]:
        """Replicas by the worst of their restore points."""
        return figures_of("worst_malware", "malware", WORST_MALWARE)

    @property
    def not_scanned(self) -> Figure | None:
        """Replicas of which nothing bad is known, since not all of their restore points were scanned."""
        words = WORST_MALWARE.words_of(NOT_SCANNED_VALUE)
        return next((figure for figure in self.malware if figure.words == words), None)

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
        return last_days(self.their_now)

    @property
    def best_day(self) -> Day:
        return max(self.days, key=lambda day: day.count)

    @cached_property
    def changes(self) -> list[Change]:
        return newest_changes()

    def _points_that_are(self, status: str) -> Figure:
        count = RestorePoint.objects.present().filter(MALWARE.where("malware", [status])).count()
        return Figure(MALWARE.words_of(status), count, points_address(malware=status), MALWARE.tone_of(status))
