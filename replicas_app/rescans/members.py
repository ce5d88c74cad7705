"""The replicas of a rescan as its page shows them: as they are, or before and after, what changed first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from urllib.parse import urlencode

from django.urls import reverse

from replicas_app.choices import EventKind, malware_tone, malware_words, state_tone, state_words
from replicas_app.models import Replica, ReplicaVM, Rescan, RescanReplica
from replicas_app.rescans.changes import Changes

VMS_SHOWN = 3
RESCANS_SHOWN = 10


@dataclass(frozen=True)
class Status:
    """A state or a malware status: its words, how they are meant, and the words of the one before, if another."""

    words: str
    tone: str
    was: str = ""


@dataclass(frozen=True)
class Moved:
    """VMs that came or went: the first of them by name, and how many more there are."""

    vms: list[ReplicaVM]
    more: int


@dataclass(frozen=True)
class Member:
    """One replica. While nothing is compared, it is as it is now; `was…` is empty or None where nothing changed."""

    row: RescanReplica
    rescan: Rescan
    vms_by_key: dict[int, ReplicaVM]

    @property
    def is_compared(self) -> bool:
        return self.rescan.read_after_at is not None

    @property
    def replica(self) -> Replica:
        return self.row.replica

    @property
    def has_changed(self) -> bool:
        return self.is_compared and self.row.has_changed

    @property
    def is_gone(self) -> bool:
        return self.row.is_gone if self.is_compared else self.replica.removed_at is not None

    @property
    def state(self) -> Status:
        if not self.is_compared:
            return _state(self.replica.state, self.replica.state)
        return _state(self.row.state_after, self.row.state_before)

    @property
    def malware(self) -> Status:
        if not self.is_compared:
            return _malware(self.replica.worst_malware, self.replica.worst_malware)
        return _malware(self.row.malware_after, self.row.malware_before)

    @property
    def vms(self) -> int:
        return len(self.row.vms_after) if self.is_compared else self.replica.vm_count

    @property
    def vms_were(self) -> int | None:
        return _if_other(len(self.row.vms_before), self.vms) if self.is_compared else None

    @property
    def vms_gained(self) -> Moved:
        return self._moved(set(self.row.vms_after) - set(self.row.vms_before))

    @property
    def vms_lost(self) -> Moved:
        return self._moved(set(self.row.vms_before) - set(self.row.vms_after))

    @property
    def points_href(self) -> str:
        """Its restore points, in their list."""
        return f"{reverse('restore-points')}?{urlencode(self._itself)}"

    @property
    def changes_href(self) -> str:
        """What reads saw change of its restore points since before the rescan."""
        what = [("about", "point"), ("kind", EventKind.STATE), ("kind", EventKind.MALWARE)]
        since = [("created_after", self.rescan.changes_since.isoformat())]
        return f"{reverse('activity')}?{urlencode([*self._itself.items(), *what, *since])}"

    @property
    def _itself(self) -> dict[str, object]:
        return {"server": self.replica.server_id, "replica": self.replica.uuid}

    @property
    def points(self) -> int:
        return self.row.points_after if self.is_compared else self.replica.point_count

    @property
    def points_were(self) -> int | None:
        return _if_other(self.row.points_before, self.points) if self.is_compared else None

    @property
    def newest(self) -> datetime | None:
        return self.row.newest_after if self.is_compared else self.replica.newest_point_at

    @property
    def newest_was_another(self) -> bool:
        return self.is_compared and self.row.newest_after != self.row.newest_before

    def _moved(self, keys: set[int]) -> Moved:
        """None of what retention has dropped since."""
        known = [self.vms_by_key[key] for key in keys if key in self.vms_by_key] if self.is_compared else []
        known.sort(key=lambda vm: (vm.sort_key, vm.pk))
        return Moved(known[:VMS_SHOWN], max(len(known) - VMS_SHOWN, 0))


def members_of(rescan: Rescan, at_most: int | None = None) -> list[Member]:
    """Its replicas, those that changed first, by name; with two queries."""
    rows = rescan.members.select_related("replica").order_by("-has_changed", "replica__sort_key", "pk")
    shown = list(rows[:at_most])
    vms = _moved_vms(shown) if rescan.read_after_at else {}
    return [Member(row, rescan, vms) for row in shown]


def newest_of(replica: Replica, now: datetime) -> list[tuple[Member, Changes]]:
    """The newest rescans of a replica, each with what it changed of it; with two queries."""
    rows = replica.rescan_members.select_related("rescan__server", "rescan__asked_by", "rescan__sync_run")
    shown = list(rows.order_by("-rescan")[:RESCANS_SHOWN])
    vms = _moved_vms(row for row in shown if row.rescan.read_after_at)
    return [(Member(row, row.rescan, vms), Changes(row.rescan, now)) for row in shown]


def _moved_vms(rows: Iterable[RescanReplica]) -> dict[int, ReplicaVM]:
    """The VMs that came or went, by their keys; none of what retention has dropped since."""
    return ReplicaVM.objects.in_bulk(set(chain.from_iterable(set(row.vms_before) ^ set(row.vms_after) for row in rows)))


def _state(now: str, before: str) -> Status:
    was = "" if before == now else state_words(before) or "none"
    return Status(state_words(now), state_tone(now), was)


def _malware(now: str | None, before: str | None) -> Status:
    was = "" if before == now else malware_words(before) or "no point"
    return Status(malware_words(now), malware_tone(now), was)


def _if_other(before: int, now: int) -> int | None:
    return before if before != now else None
