"""What happened: the changes that syncs saw."""

from typing import Self

from django.db import models
from django.db.models import Q

from replicas_app.choices import EventKind
from replicas_app.models.activity import SyncRun
from replicas_app.models.inventory import Replica, ReplicaVM, RestorePoint
from replicas_app.models.servers import BackupServer


class EventQuerySet(models.QuerySet["Event"]):
    def newest_first(self) -> Self:
        return self.order_by("-pk")


class Event(models.Model):
    """A change that a sync saw, of a replica, of a VM on it (`vm` alone) or of one of its restore points (`point`).

    A point's own appearing and going are no events: they stand in its row (`first_seen_at`, `removed_at`). Where it
    comes back its row forgets when it went, so `old` of that event keeps it, as ISO text. Only the key of the replica
    is a constraint: a merge takes all of them from the rows that it has just joined.
    """

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="events", db_constraint=False, db_index=False)
    replica = models.ForeignKey(Replica, models.CASCADE, related_name="events", db_index=False)
    vm = models.ForeignKey(
        ReplicaVM, models.CASCADE, null=True, related_name="events", db_constraint=False, db_index=False
    )
    point = models.ForeignKey(
        RestorePoint, models.CASCADE, null=True, related_name="events", db_constraint=False, db_index=False
    )
    run = models.ForeignKey(SyncRun, models.SET_NULL, null=True, related_name="events", db_constraint=False)
    kind = models.CharField(max_length=12, choices=EventKind)
    at = models.DateTimeField()
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        db_table = "event"
        indexes = [
            models.Index(fields=["replica", "-id"], name="events_of_replica"),
            models.Index(fields=["server", "-id"], name="events_of_server"),
            models.Index(fields=["kind", "-id"], name="events_of_kind"),
            models.Index(fields=["vm", "-id"], name="events_of_vm", condition=Q(vm__isnull=False)),
            models.Index(fields=["point", "-id"], name="events_of_point", condition=Q(point__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"replica {self.replica_id} {self.get_kind_display()}"
