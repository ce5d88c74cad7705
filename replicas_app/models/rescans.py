"""What is asked of the servers: rescans, and the replicas in them."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from replicas_app.choices import RESCAN_ON_SERVER, RESCAN_OPEN, RescanState
from replicas_app.cool_down import rests_since, rests_until
from replicas_app.models.activity import SyncRun
from replicas_app.models.inventory import Replica
from replicas_app.models.servers import BackupServer

OPEN_RESCAN = Q(state__in=RESCAN_OPEN)


class RescanQuerySet(models.QuerySet["Rescan"]):
    def present(self) -> Self:
        """All: what was asked for is never removed."""
        return self.all()

    def open(self) -> Self:
        return self.filter(OPEN_RESCAN)

    def ahead_of(self, rescan: "Rescan") -> Self:
        """The open rescans of its server that come before it: the one that is on the server, then the older ones."""
        others = self.open().filter(server=rescan.server_id).exclude(pk=rescan.pk)
        return others.filter(Q(state__in=RESCAN_ON_SERVER) | Q(pk__lt=rescan.pk)).order_by("pk")

    def newest_first(self) -> Self:
        return self.order_by("-pk")

    def with_names(self) -> Self:
        """With server, person and the name of the first replica, so that a list needs one query."""
        first = RescanReplica.objects.filter(rescan=models.OuterRef("pk")).order_by("replica__sort_key", "pk")
        name = models.Subquery(first.values("replica__name")[:1])
        return self.select_related("server", "asked_by", "stop_asked_by", "sync_run").annotate(first_replica_name=name)


class Rescan(models.Model):
    """One wish of one person to rescan some replicas of one server: at most one session on that server."""

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="rescans")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="rescans")
    reason = models.CharField("why", max_length=500, blank=True)
    replica_count = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=RescanState, default=RescanState.QUEUED)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    """When the POST was about to be sent. From then on it is never sent again."""
    ended_at = models.DateTimeField(null=True)

    next_poll_at = models.DateTimeField(null=True)
    """When a worker should take the next step; null once nothing is left to do."""
    enqueued_at = models.DateTimeField(null=True)
    """When a worker was last told to take it; null when that message was taken up."""
    polls = models.PositiveIntegerField(default=0)
    """How many steps got an answer since the state last changed."""
    failed_polls = models.PositiveIntegerField(default=0)
    """How many tries in a row got none. Counted before the try, so that one which kills its process counts too."""
    unanswered_since = models.DateTimeField(null=True)
    """When the first of those tries began."""

    session_id = models.UUIDField(null=True)
    is_found_again = models.BooleanField(default=False)
    """The server's answer with the session was lost; the session was found by its account and time."""
    session_state = models.TextField(blank=True)
    session_started_at = models.DateTimeField(null=True)
    """By the backup server's clock, as are the times of the log."""
    session_ended_at = models.DateTimeField(null=True)
    """Null where the server gave no end that can be true (an unset one comes as a date in 1900)."""
    progress = models.PositiveSmallIntegerField(null=True)
    """Percent, as the server says; null while it says nothing."""
    result = models.TextField(blank=True)
    message = models.TextField(blank=True)
    log = models.JSONField(default=list)
    """The session's log records as the server gave them: [{"status", "title", "description", "at"}]."""
    error = models.TextField(blank=True)
    """What keeps it from going on, or why it ended as it did, in words."""
    error_cause = models.CharField(max_length=40, blank=True)

    stop_asked_at = models.DateTimeField(null=True)
    stop_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    stop_sent_at = models.DateTimeField(null=True)
    """When the server was told to stop the session. It is told once."""
    stop_answer = models.TextField(blank=True)
    """Why the server did not take that, in words."""
    sync_run = models.ForeignKey(SyncRun, models.SET_NULL, null=True, related_name="rescans")
    """The full sweep of the server that began after this rescan had ended; the newest, where the first ones failed."""

    left_out = models.JSONField(default=list)
    """What of the wish is not in it: [{"at", "count", "replicas" (the first names), "words" (`was …`), "rescan"}]."""

    changes_since = models.DateTimeField(null=True)
    """The end of the newest read that "before" knows of: what later reads saw is a change. Null: never asked."""
    events_since = models.BigIntegerField(null=True)
    """The newest event of the server that "before" knows of; null where there was none."""
    read_before_at = models.DateTimeField(null=True)
    """So new is what stands before it: when the server had last been read."""
    swept_before_at = models.DateTimeField(null=True)
    """And so new is what it knows of points that go or change: when the server had last been read in full."""
    read_after_at = models.DateTimeField(null=True)
    """So new is what stands after it; null while nobody knows what it changed."""
    changes = models.JSONField(default=dict)
    """What it changed, in sums (`rescans.compare` has their names); empty while nobody knows. {"fault": why it could
    not be found out} where nobody will."""
    replicas = models.ManyToManyField(Replica, through="RescanReplica", related_name="rescans")

    objects = RescanQuerySet.as_manager()

    class Meta:
        db_table = "rescan"
        constraints = [
            models.UniqueConstraint(
                fields=["server"], condition=Q(state__in=RESCAN_ON_SERVER), name="one_rescan_on_a_server_at_a_time"
            ),
            models.CheckConstraint(
                condition=~OPEN_RESCAN | Q(next_poll_at__isnull=False), name="open_rescan_has_a_next_step"
            ),
            models.CheckConstraint(
                condition=(OPEN_RESCAN & Q(ended_at=None)) | (~OPEN_RESCAN & Q(ended_at__isnull=False)),
                name="ended_rescan_has_an_end",
            ),
        ]
        indexes = [
            models.Index(fields=["next_poll_at"], name="rescans_due", condition=Q(next_poll_at__isnull=False)),
            models.Index(fields=["server", "-id"], name="rescans_of_server"),
        ]

    def __str__(self) -> str:
        return f"rescan {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("rescan", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in RESCAN_OPEN

    @property
    def may_have_changed_something(self) -> bool:
        """Whether the server was asked and did not refuse, so that before and after are worth comparing."""
        was_asked = self.asked_at is not None and self.changes_since is not None
        return was_asked and self.state not in (RescanState.REFUSED, RescanState.NOT_STARTED)

    @property
    def others(self) -> int:
        """How many replicas it has beside the first."""
        return self.replica_count - 1

    @property
    def asked_by_words(self) -> str:
        return self.asked_by.get_username() if self.asked_by else "the shell"

    @property
    def tone(self) -> str:
        return {
            RescanState.SUCCEEDED: "ok",
            RescanState.WARNING: "late",
            RescanState.FAILED: "critical",
            RescanState.REFUSED: "critical",
        }.get(self.state, "unknown")


class RescanReplicaQuerySet(models.QuerySet["RescanReplica"]):
    def resting(self, now: datetime) -> Self:
        """Those whose replica is left alone for a while, since their rescan has just ended well."""
        return self.filter(ended_well_at__gt=rests_since(now), ended_well_at__lte=rests_until(now))


class RescanReplica(models.Model):
    """A replica in a rescan: how it was when the server was asked, and how it was read after the end.

    While the rescan is open, no other may have the replica.
    """

    rescan = models.ForeignKey(Rescan, models.CASCADE, related_name="members")
    replica = models.ForeignKey(Replica, models.CASCADE, related_name="rescan_members")
    is_open = models.BooleanField(default=True)
    ended_well_at = models.DateTimeField(null=True)
    """From when on the replica is left alone for a while; null where the rescan did not end well."""

    state_before = models.TextField(blank=True)
    state_after = models.TextField(blank=True)
    malware_before = models.TextField(null=True)
    """The worst of its points; null without points, as in `Replica`."""
    malware_after = models.TextField(null=True)
    vms_before = ArrayField(models.BigIntegerField(), default=list)
    """The keys of the VMs that had a point."""
    vms_after = ArrayField(models.BigIntegerField(), default=list)
    points_before = models.PositiveIntegerField(default=0)
    points_after = models.PositiveIntegerField(default=0)
    newest_before = models.DateTimeField(null=True)
    newest_after = models.DateTimeField(null=True)
    is_gone = models.BooleanField(default=False)
    """Whether the server no longer listed it after the rescan."""
    points_gained = models.PositiveIntegerField(default=0)
    points_made_since = models.PositiveIntegerField(default=0)
    """Of those, the ones that a job made after the server had been asked."""
    points_lost = models.PositiveIntegerField(default=0)
    points_restated = models.PositiveIntegerField(default=0)
    """Points that were and are there, in another state."""
    points_rejudged = models.PositiveIntegerField(default=0)
    """Points that were and are there, with another malware status."""
    has_changed = models.BooleanField(default=False)

    objects = RescanReplicaQuerySet.as_manager()

    class Meta:
        db_table = "rescan_replica"
        constraints = [
            models.UniqueConstraint(fields=["rescan", "replica"], name="replica_once_in_a_rescan"),
            models.UniqueConstraint(fields=["replica"], condition=Q(is_open=True), name="replica_in_one_open_rescan"),
        ]
        indexes = [
            models.Index(
                fields=["replica", "-ended_well_at"], name="replica_rescanned", condition=Q(ended_well_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"replica {self.replica_id} in rescan {self.rescan_id}"
