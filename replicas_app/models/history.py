"""What happened: the changes that syncs saw, and what retention has dropped of them since."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from replicas_app.choices import (
    EventAbout,
    EventKind,
    malware_tone,
    malware_words,
    state_tone,
    state_words,
)
from replicas_app.models.activity import SyncRun
from replicas_app.models.inventory import Replica, ReplicaVM
from replicas_app.models.points import RestorePoint
from replicas_app.models.servers import BackupServer


class EventQuerySet(models.QuerySet["Event"]):
    def present(self) -> Self:
        """All: what happened stays so."""
        return self.all()

    def newest_first(self) -> Self:
        """In the order in which they were written, which is what every index of them ends in."""
        return self.order_by("-pk")

    def of_server(self, server: BackupServer) -> Self:
        return self.filter(server=server)

    def of_replica(self, replica: Replica) -> Self:
        """Its own, and those of its VMs and their points."""
        return self.filter(replica=replica)

    def of_vm(self, vm: ReplicaVM) -> Self:
        """Its own, and those of its points."""
        return self.filter(vm=vm)

    def of_point(self, point: RestorePoint) -> Self:
        return self.filter(point=point)

    def with_about(self) -> Self:
        """With `of`: the value of `EventAbout`."""
        cases = [models.When(condition, then=models.Value(thing)) for thing, condition in ABOUT.items()]
        return self.annotate(of=models.Case(*cases, output_field=models.TextField()))

    def with_names(self) -> Self:
        return self.select_related("server", "replica", "vm", "point")


TURNS = Q(kind__in=[EventKind.MALWARE, EventKind.STATE])
COMMON = ["", "Clean", "Ready"]
"""What nearly everything turns from or into; the events of other values are found by an index."""

ABOUT = {
    EventAbout.REPLICA: Q(vm=None),
    EventAbout.VM: Q(vm__isnull=False, point=None),
    EventAbout.POINT: Q(point__isnull=False),
}
"""What an event is of → how its row tells."""


class Event(models.Model):
    """A change that a sync saw, of a replica, of a VM on it (`vm` alone) or of one of its restore points (`point`).

    A point's own appearing and going are no events: they stand in its row (`first_seen_at`, `removed_at`). Where it
    comes back its row forgets when it went, so `old` of that event keeps it, as ISO text; so do `new` and `old` of a
    VM's first and last point keep when that was created. None of its keys is a
    constraint: a merge takes all of them from the rows that it has just joined, and who removes such rows holds the
    server (`servers.removal`, `retention`).
    """

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="events", db_constraint=False, db_index=False)
    replica = models.ForeignKey(Replica, models.CASCADE, related_name="events", db_constraint=False, db_index=False)
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
            models.Index(fields=["at"], name="events_by_time"),
            models.Index(fields=["-id"], name="events_of_replicas", condition=Q(vm=None)),
            models.Index(fields=["old", "-id"], name="events_from_rare", condition=TURNS & ~Q(old__in=COMMON)),
            models.Index(fields=["new", "-id"], name="events_to_rare", condition=TURNS & ~Q(new__in=COMMON)),
        ]

    def __str__(self) -> str:
        return f"replica {self.replica_id} {self.get_kind_display()}"

    @property
    def about(self) -> EventAbout:
        if self.point_id:
            return EventAbout.POINT
        return EventAbout.VM if self.vm_id else EventAbout.REPLICA

    @property
    def is_a_turn(self) -> bool:
        """Whether something that stays has another value now."""
        return self.kind in (EventKind.STATE, EventKind.MALWARE)

    @property
    def does(self) -> str:
        """The sentence from its verb on, up to where `value_words` end it: `turned from Clean to`."""
        if self.is_a_turn:
            return f"turned from {self._words(self.old)} to"
        if self.kind == EventKind.FIRST_POINT and self.vm and self.vm.first_seen_at < self.at:
            return "has restore points again"
        bare, before_a_value = DOES.get(self.kind, (str(self.get_kind_display()),) * 2)
        return before_a_value if self.value_words else bare

    @property
    def value_words(self) -> str:
        """The value that the sentence ends in; empty where it has none."""
        if self.is_a_turn:
            return self._words(self.new)
        if self.about != EventAbout.REPLICA:
            return ""
        value = self.old if self.kind == EventKind.REMOVED else self.new
        return state_words(value)

    @property
    def value_tone(self) -> str:
        if self.kind == EventKind.REMOVED:
            return "ok"
        return malware_tone(self.new) if self.kind == EventKind.MALWARE else state_tone(self.new)

    @property
    def moment(self) -> datetime | None:
        """Since when a point that is back had been gone; when a VM's first or last restore point was created."""
        text = self.new if self.kind == EventKind.FIRST_POINT else self.old
        return datetime.fromisoformat(text) if self.moment_words and text else None

    @property
    def moment_words(self) -> str:
        """What `moment` is; empty where there is none."""
        if self.kind in (EventKind.FIRST_POINT, EventKind.LAST_POINT):
            return "created"
        return "gone since" if self.kind == EventKind.REAPPEARED and self.point_id else ""

    def _words(self, value: str) -> str:
        return malware_words(value) if self.kind == EventKind.MALWARE else state_words(value) or "no state"


DOES = {
    EventKind.APPEARED: ("appeared", "appeared,"),
    EventKind.REMOVED: ("is gone", "is gone, last seen as"),
    EventKind.REAPPEARED: ("is back", "is back,"),
    EventKind.FIRST_POINT: ("has its first restore point", ""),
    EventKind.LAST_POINT: ("lost its last restore point", ""),
}
"""Kind → how its sentence goes on after what it is of: where nothing follows, and where a value does."""


class DropQuerySet(models.QuerySet["Drop"]):
    def newest_by_server(self) -> dict[int, "Drop"]:
        """What was dropped last of each server, by the server's key."""
        return {drop.server_id: drop for drop in self.order_by("server", "-pk").distinct("server")}


class Drop(models.Model):
    """What one pass of retention has dropped of one server's history, so that nothing goes silently."""

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="drops")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    """Null while there may be more to drop."""
    events = models.PositiveBigIntegerField(default=0)
    points = models.PositiveBigIntegerField(default=0)
    vms = models.PositiveBigIntegerField(default=0)
    replicas = models.PositiveBigIntegerField(default=0)

    objects = DropQuerySet.as_manager()

    class Meta:
        db_table = "history_drop"
        constraints = [
            models.UniqueConstraint(fields=["server"], condition=Q(ended_at=None), name="one_open_drop_per_server"),
        ]
        indexes = [models.Index(fields=["server", "-id"], name="drops_of_server")]

    def __str__(self) -> str:
        return f"drop {self.pk} of server {self.server_id}"
