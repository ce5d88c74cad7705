"""The restore points: states of the VMs to which one can fail over. Rows are written by `replicas_app.sync` only."""

from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.urls import reverse

from replicas_app.choices import (
    OPERATIONS,
    malware_tone,
    malware_words,
    platform_words,
    state_tone,
    state_words,
)
from replicas_app.models.inventory import PRESENT, Replica, ReplicaVM
from replicas_app.models.servers import BackupServer

POINT_LINE = (
    "pk",
    "uuid",
    "server_id",
    "vm__name",
    "replica_id",
    "replica__name",
    "created_at",
    "state",
    "malware",
    "platform",
    "platform_id",
    "operations",
    "removed_at",
)


class RestorePointQuerySet(models.QuerySet["RestorePoint"]):
    def present(self) -> Self:
        return self.filter(PRESENT)

    def with_uuid(self, uuid: UUID) -> Self:
        """Points with this id: one, unless two servers gave it. The servers are named so that an index answers."""
        return self.filter(server__in=BackupServer.objects.all(), uuid=uuid)

    def lines(self) -> models.QuerySet:
        """What a line of the list shows, as named tuples: whole rows take twice as long to read."""
        return self.values_list(*POINT_LINE, named=True)

    def with_names(self) -> Self:
        return self.select_related("server", "replica", "vm")


class RestorePoint(models.Model):
    """One state of one VM to which one can fail over. Immutable but for state, malware status and operations.

    Its keys are no constraints of the database: they come out of a join over the tables that they lead to, in the
    transaction that inserts the point, and having each checked once more took as long as the insert itself (150,000
    points: 2.4 s beside 3.0 s). Whoever deletes a server, a replica or a VM deletes its points first.
    """

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="points", db_constraint=False, db_index=False)
    replica = models.ForeignKey(Replica, models.CASCADE, related_name="points", db_constraint=False, db_index=False)
    vm = models.ForeignKey(ReplicaVM, models.CASCADE, related_name="points", db_constraint=False, db_index=False)
    uuid = models.UUIDField()
    created_at = models.DateTimeField()
    state = models.TextField(blank=True)
    malware = models.TextField(blank=True)
    platform = models.TextField(blank=True)
    platform_id = models.TextField(blank=True)
    operations = ArrayField(models.TextField(), default=list)
    first_seen_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects = RestorePointQuerySet.as_manager()

    class Meta:
        db_table = "restore_point"
        constraints = [models.UniqueConstraint(fields=["server", "uuid"], name="point_once")]
        indexes = [
            models.Index(fields=["created_at", "id"], name="point_by_created", condition=PRESENT),
            models.Index(fields=["replica", "created_at"], name="point_by_replica"),
            models.Index(fields=["vm", "created_at"], name="point_by_vm"),
            models.Index(fields=["server", "removed_at"], name="point_vanished", condition=~PRESENT),
            BrinIndex(
                OpClass("first_seen_at", name="timestamptz_minmax_multi_ops"),
                name="point_by_first_seen",
                autosummarize=True,
                pages_per_range=32,
            ),
            models.Index(
                fields=["malware", "created_at"],
                name="point_not_clean",
                condition=PRESENT & ~Q(malware__in=["", "Clean"]),
            ),
            models.Index(
                fields=["state", "created_at"],
                name="point_not_ready",
                condition=PRESENT & ~Q(state__in=["", "Ready"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vm_id} at {self.created_at:%Y-%m-%d %H:%M:%S}"

    def get_absolute_url(self) -> str:
        return reverse("restore-point", args=[self.pk])

    @property
    def state_words(self) -> str:
        return state_words(self.state)

    @property
    def state_tone(self) -> str:
        return state_tone(self.state)

    @property
    def malware_words(self) -> str:
        return malware_words(self.malware)

    @property
    def malware_tone(self) -> str:
        return malware_tone(self.malware)

    @property
    def platform_words(self) -> str:
        return platform_words(self.platform)

    @property
    def operations_words(self) -> list[str]:
        return [OPERATIONS.get(operation, operation) for operation in self.operations]
