"""What the backup servers hold: replicas and the VMs on them; their restore points are in `points`.

Rows are written by `replicas_app.sync` only. What vanished upstream keeps its row with `removed_at`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from replicas_app.choices import (
    FAILED_OVER_STATES,
    REPLICA_TYPES,
    malware_tone,
    malware_words,
    platform_words,
    state_tone,
    state_words,
)
from replicas_app.models.search import trigram_index
from replicas_app.models.servers import BackupServer
from replicas_app.text import search_pattern

PRESENT = Q(removed_at=None)
RECENT_DAYS = 7
MALWARE_CODES = ("Clean", "", "Informative", "Suspicious", "Infected")
"""The malware status of a point in `ReplicaVM.recent`: its place in this list; one that is not here counts as the
third."""
CODES_PER_MINUTE = 8

REPLICA_LINE = (
    "pk",
    "uuid",
    "server_id",
    "name",
    "state",
    "worst_malware",
    "vm_count",
    "point_count",
    "newest_point_at",
    "created_at",
    "type",
    "platform",
    "job_id",
    "policy_id",
    "platform_id",
    "removed_at",
)
VM_LINE = (
    "pk",
    "server_id",
    "name",
    "newest_point_at",
    "recent",
    "newest_clean_at",
    "worst_malware",
    "newest_state",
    "point_count",
    "replica_id",
    "replica__name",
    "replica__platform",
    "replica__job_id",
    "replica__policy_id",
    "replica__platform_id",
    "replica__removed_at",
)


class ReplicaQuerySet(models.QuerySet["Replica"]):
    def present(self) -> Self:
        return self.filter(PRESENT)

    def search(self, query: str) -> Self:
        """Replicas of which any parameter of the API matches, as `text.search_pattern` reads the query."""
        return self.filter(search__like=search_pattern(query))

    def lines(self, *more: str) -> models.QuerySet:
        """What a line of the list shows, as named tuples: whole rows take twice as long to read."""
        return self.values_list(*REPLICA_LINE, *more, named=True)

    def failed_over(self) -> Self:
        return self.filter(state__in=FAILED_OVER_STATES)

    def with_open_rescan(self) -> Self:
        """With `open_rescan_id`: the rescan that has the replica right now, or None. There is one at most."""
        is_open = Q(rescan_members__is_open=True)
        members = self.annotate(open_member=models.FilteredRelation("rescan_members", condition=is_open))
        return members.annotate(open_rescan_id=models.F("open_member__rescan_id"))


class Replica(models.Model):
    """The product of one replication job on one backup server. Known by (server, uuid), never by its name."""

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="replicas", db_index=False)
    uuid = models.UUIDField()
    type = models.TextField(blank=True)
    name = models.TextField()
    sort_key = models.TextField(db_collation="C")
    job_id = models.TextField(blank=True)
    policy_id = models.TextField(blank=True)
    platform = models.TextField(blank=True)
    platform_id = models.TextField(blank=True)
    created_at = models.DateTimeField(null=True)
    """Null where the API gives none: a CDP replica has neither creation time nor state."""
    state = models.TextField(blank=True)
    search = models.TextField(editable=False)

    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    vm_count = models.PositiveIntegerField(default=0)
    point_count = models.PositiveIntegerField(default=0)
    oldest_point_at = models.DateTimeField(null=True)
    newest_point_at = models.DateTimeField(null=True)
    worst_malware = models.TextField(null=True)
    """The worst malware status among its points; null without points, "" when the worst is "not scanned"."""

    objects = ReplicaQuerySet.as_manager()

    class Meta:
        db_table = "replica"
        constraints = [models.UniqueConstraint(fields=["server", "uuid"], name="replica_once")]
        indexes = [
            trigram_index("replica_search"),
            models.Index(fields=["sort_key", "id"], name="replica_by_name", condition=PRESENT),
            models.Index(fields=["created_at", "id"], name="replica_by_created", condition=PRESENT),
            models.Index(fields=["newest_point_at", "id"], name="replica_by_newest_point", condition=PRESENT),
            models.Index(fields=["state", "id"], name="replica_by_state", condition=PRESENT),
            models.Index(fields=["job_id", "id"], name="replica_by_job", condition=PRESENT),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("replica", args=[self.pk])

    @property
    def type_words(self) -> str:
        return REPLICA_TYPES.get(self.type, self.type)

    @property
    def state_words(self) -> str:
        return state_words(self.state)

    @property
    def state_tone(self) -> str:
        return state_tone(self.state)

    @property
    def platform_words(self) -> str:
        return platform_words(self.platform)

    @property
    def malware_words(self) -> str:
        return malware_words(self.worst_malware)

    @property
    def malware_tone(self) -> str:
        return malware_tone(self.worst_malware)


def decoded(recent: Iterable[int]) -> list[tuple[datetime, str]]:
    """(moment, malware status) of the points in `ReplicaVM.recent`, to the minute, the oldest first."""
    return [
        (datetime.fromtimestamp(code // CODES_PER_MINUTE * 60, UTC), MALWARE_CODES[code % CODES_PER_MINUTE])
        for code in recent
    ]


class ReplicaVMQuerySet(models.QuerySet["ReplicaVM"]):
    def present(self) -> Self:
        return self.filter(point_count__gt=0)

    def search(self, query: str) -> Self:
        return self.filter(search__like=search_pattern(query))

    def lines(self) -> models.QuerySet:
        """What a line of the list shows, as named tuples: whole rows take twice as long to read."""
        return self.values_list(*VM_LINE, named=True)


class ReplicaVM(models.Model):
    """One VM on a replica: the row that a DR engineer thinks in. The API names it only on its restore points.

    One without a present point is shown as removed: nothing names it any more.
    """

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="vms", db_constraint=False)
    """That of its replica, whose key is the constraint."""
    replica = models.ForeignKey(Replica, models.CASCADE, related_name="vms", db_index=False)
    name = models.TextField()
    sort_key = models.TextField(db_collation="C")
    search = models.TextField(editable=False)
    first_seen_at = models.DateTimeField()

    point_count = models.PositiveIntegerField(default=0)
    oldest_point_at = models.DateTimeField(null=True)
    newest_point_at = models.DateTimeField(null=True)
    newest_state = models.TextField(blank=True)
    newest_malware = models.TextField(null=True)
    newest_clean_at = models.DateTimeField(null=True)
    worst_malware = models.TextField(null=True)
    recent = ArrayField(models.IntegerField(), default=list)
    """The points of the seven days before the newest: minute since 1970 times 8, plus the malware code; ascending."""

    objects = ReplicaVMQuerySet.as_manager()

    class Meta:
        db_table = "replica_vm"
        constraints = [models.UniqueConstraint(fields=["replica", "name"], name="vm_once_per_replica")]
        indexes = [
            trigram_index("vm_search"),
            models.Index(fields=["sort_key", "id"], name="vm_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("vm", args=[self.pk])

    @property
    def is_removed(self) -> bool:
        return not self.point_count

    @property
    def state_words(self) -> str:
        return state_words(self.newest_state)

    @property
    def state_tone(self) -> str:
        return state_tone(self.newest_state)

    @property
    def malware_words(self) -> str:
        """Of the worst of its points; empty without any."""
        return malware_words(self.worst_malware)

    @property
    def malware_tone(self) -> str:
        return malware_tone(self.worst_malware)

    @property
    def recent_points(self) -> list[tuple[datetime, str]]:
        return decoded(self.recent)
