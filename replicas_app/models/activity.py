"""What is read: one row for each read of a server. What a task is doing stands here."""

from datetime import timedelta
from typing import Self
from urllib.parse import urlencode

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse

from replicas_app.choices import (
    SYNC_OPEN,
    SyncState,
    SyncTrigger,
)
from replicas_app.models.servers import BackupServer

OPEN_SYNC = Q(state__in=SYNC_OPEN)


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def open(self) -> Self:
        return self.filter(OPEN_SYNC)

    def ended(self) -> Self:
        return self.exclude(OPEN_SYNC)

    def newest_by_server(self) -> dict[int, "SyncRun"]:
        """The newest run of each server, by the server's key."""
        newest = SyncRun.objects.filter(server=OuterRef("pk")).newest_first().values("pk")[:1]
        return {run.server_id: run for run in self.filter(pk__in=BackupServer.objects.values_list(Subquery(newest)))}

    def with_new_points(self) -> Self:
        """Those that saw a restore point appear, change or go."""
        return self.filter(Q(points_added__gt=0) | Q(points_changed__gt=0) | Q(points_removed__gt=0))

    def with_news(self) -> Self:
        """Those that saw a replica appear, change or go."""
        return self.filter(Q(replicas_added__gt=0) | Q(replicas_changed__gt=0) | Q(replicas_removed__gt=0))

    def newest_first(self) -> Self:
        return self.order_by("-pk")


class SyncRun(models.Model):
    """One read of one backup server, from the wish to the outcome. A server has one open run at most."""

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="sync_runs")
    trigger = models.CharField(max_length=10, choices=SyncTrigger)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=SyncState, default=SyncState.QUEUED)
    queued_at = models.DateTimeField()
    enqueued_at = models.DateTimeField(null=True)
    """When a message for a worker was last sent; beat sends another if no worker took it up for a while."""
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    is_full = models.BooleanField(default=False)
    """Whether it is a full sweep, which alone sees what went; decided when it begins."""
    why_full = models.TextField(blank=True)
    """Why it is one, in words."""

    step = models.TextField(blank=True)
    """What it is doing, in words, while it runs."""
    rows_read = models.PositiveIntegerField(default=0)
    rows_expected = models.PositiveIntegerField(null=True)

    replicas_added = models.PositiveIntegerField(default=0)
    replicas_changed = models.PositiveIntegerField(default=0)
    replicas_unchanged = models.PositiveIntegerField(default=0)
    replicas_removed = models.PositiveIntegerField(default=0)
    points_added = models.PositiveIntegerField(default=0)
    points_changed = models.PositiveIntegerField(default=0)
    points_unchanged = models.PositiveIntegerField(default=0)
    points_removed = models.PositiveIntegerField(default=0)
    set_aside_count = models.PositiveIntegerField(default=0)
    set_aside = models.JSONField(default=list)
    """The first records that could not be used: [{"what", "id", "reason"}]."""
    naive_times = models.PositiveIntegerField(default=0)
    """Times that came without a zone and were taken as UTC."""
    error = models.TextField(blank=True)
    error_cause = models.CharField(max_length=40, blank=True)

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        db_table = "sync_run"
        constraints = [
            models.UniqueConstraint(fields=["server"], condition=OPEN_SYNC, name="one_open_sync_per_server"),
        ]
        indexes = [models.Index(fields=["server", "-id"], name="sync_runs_of_server")]

    def __str__(self) -> str:
        return f"sync {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("sync-run", args=[self.server_id, self.pk])

    @property
    def of_what_is_new(self) -> str:
        """The query with which a list shows what this run was the first to find; empty while it runs."""
        if not (self.started_at and self.ended_at):
            return ""
        seen = {"first_seen_after": self.started_at.isoformat(), "first_seen_before": self.ended_at.isoformat()}
        return urlencode({"server": self.server_id, **seen})

    @property
    def is_open(self) -> bool:
        return self.state in SYNC_OPEN

    @property
    def percent(self) -> int | None:
        """How much of what the server announced has been read; None while it has announced nothing."""
        if not self.rows_expected:
            return None
        return min(100, 100 * self.rows_read // self.rows_expected)

    @property
    def replicas_read(self) -> int:
        return self.replicas_added + self.replicas_changed + self.replicas_unchanged

    @property
    def points_read(self) -> int:
        return self.points_added + self.points_changed + self.points_unchanged

    @property
    def took(self) -> timedelta | None:
        """From the moment when a worker took it up to its end; None for one that is not there yet."""
        return self.ended_at - self.started_at if self.started_at and self.ended_at else None

    @property
    def tone(self) -> str:
        return {
            SyncState.SUCCEEDED: "ok",
            SyncState.PARTIAL: "late",
            SyncState.FAILED: "critical",
        }.get(self.state, "unknown")
