"""The replicas of a rescan as its page shows them: as they are, or before and after, what changed first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from replicas_app.choices import MALWARE_TONES, MALWARE_WORDS, REPLICA_STATE_TONES, REPLICA_STATES
from replicas_app.models import Replica, ReplicaVM, Rescan, RescanReplica

NAMES_SHOWN = 3


@dataclass(frozen=True)
class Status:
    """A state or a malware status: its words, how they are meant, and the words of the one before, if another."""

    words: str
    tone: str
    was: str = ""


@dataclass(frozen=True)
class Member:
    """One replica. While nothing is compared, it is as it is now; `was…` is empty or None where nothing changed."""

    row: RescanReplica
    is_compared: bool
    vm_names: dict[int, str]

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
    def vms_gained(self) -> str:
        """Their names; of many, the first ones."""
        return self._names(set(self.row.vms_after) - set(self.row.vms_before)) if self.is_compared else ""

    @property
    def vms_lost(self) -> str:
        return self._names(set(self.row.vms_before) - set(self.row.vms_after)) if self.is_compared else ""

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

    def _names(self, vms: Iterable[int]) -> str:
        names = sorted(self.vm_names.get(vm, "one whose name is no longer kept") for vm in vms)
        more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
        return ", ".join(names[:NAMES_SHOWN]) + more


def members_of(rescan: Rescan, at_most: int | None = None) -> list[Member]:
    """Its replicas, those that changed first, by name; with two queries."""
    is_compared = rescan.read_after_at is not None
    rows = rescan.members.select_related("replica").order_by("-has_changed", "replica__sort_key", "pk")
    shown = list(rows[:at_most])
    vms = chain.from_iterable(set(row.vms_before) ^ set(row.vms_after) for row in shown) if is_compared else ()
    names = dict(ReplicaVM.objects.filter(pk__in=set(vms)).values_list("pk", "name"))
    return [Member(row, is_compared, names) for row in shown]


def _state(now: str, before: str) -> Status:
    was = "" if before == now else REPLICA_STATES.get(before, before) or "none"
    return Status(REPLICA_STATES.get(now, now), REPLICA_STATE_TONES.get(now, "unknown"), was)


def _malware(now: str | None, before: str | None) -> Status:
    words, tone = _malware_words(now), MALWARE_TONES.get(now or "", "unknown")
    return Status(words, tone, "" if before == now else _malware_words(before) or "no point")


def _malware_words(status: str | None) -> str:
    return "" if status is None else MALWARE_WORDS.get(status, status)


def _if_other(before: int, now: int) -> int | None:
    return before if before != now else None
