"""The servers, one line each: what they hold, how old that is, and what went wrong at the last read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from replicas_app.freshness import is_sweep_overdue
from replicas_app.models import BackupServer, Replica, SyncRun
from replicas_app.overview.figures import points_address, replicas_address

HALF_READ = ("drop", "short", "aside")
"""The causes of `SyncRun.error` after which what came is stored all the same."""


@dataclass(frozen=True)
class ServerLine:
    """One server: what it holds, how old that is, and what went wrong at the last read."""

    server: BackupServer
    replicas: int
    points: int
    newest_run: SyncRun | None
    is_stale: bool
    is_sweep_overdue: bool
    """Whether older restore points are shown as they were longer than a night ago."""

    @property
    def reading(self) -> SyncRun | None:
        """The read that is under way."""
        return self.newest_run if self.newest_run and self.newest_run.is_open else None

    @property
    def tone(self) -> str:
        """late: old, or swept too long ago, or the last read failed; critical: old and failed, or it never succeeded;
        unknown: nobody asks it; ok."""
        server = self.server
        if not server.is_enabled or (server.last_success_at is None and not server.last_error):
            return "unknown"
        if server.last_error and not self.is_half_read and (self.is_stale or server.last_success_at is None):
            return "critical"
        return "late" if server.last_error or self.is_stale or self.is_sweep_overdue else "ok"

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
            is_sweep_overdue(server, now),
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
        is_sweep_overdue(server, now),
    )
