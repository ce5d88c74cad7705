"""The inventory of one server as it was at a past instant: the rows of today, with every later change undone.

What was present, in which state and with which malware status, as of what syncs had seen by then. Names, types and
VMs are those of today: syncs keep no history of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import LiteralString, TypeVar
from uuid import UUID

from django.db import connection
from django.utils import timezone

from replicas_app.choices import MALWARE_SEVERITY, UNKNOWN_MALWARE_SEVERITY, EventKind, SyncState
from replicas_app.history.statements import POINTS, REPLICAS, VMS
from replicas_app.models import BackupServer, SyncRun
from replicas_app.models.activity import SyncRunQuerySet
from replicas_app.times import utc_words

ROWS_AT_ONCE = 2000


class NotKept(Exception):
    """The instant cannot be told of; the message is the sentence that says why."""


@dataclass(frozen=True)
class ReplicaThen:
    uuid: UUID
    name: str
    type: str
    platform: str
    state: str
    malware: str | None
    """The worst status among its points; None without points, "" when the worst is "not scanned"."""
    vms: int
    points: int
    newest_point_at: datetime | None


@dataclass(frozen=True)
class VMThen:
    pk: int
    name: str
    replica_uuid: UUID
    replica: str
    state: str
    """Of its newest point, as is `malware`."""
    malware: str
    worst_malware: str
    points: int
    newest_point_at: datetime
    newest_clean_at: datetime | None


@dataclass(frozen=True)
class PointThen:
    uuid: UUID
    replica_uuid: UUID
    vm: str
    created_at: datetime
    state: str
    malware: str


Row = TypeVar("Row", ReplicaThen, VMThen, PointThen)


@dataclass(frozen=True)
class Inventory:
    """What the server had, as far as syncs had seen it by `at`. Each list is a stream that never lies in memory.

    A stream raises NotKept at its end where retention dropped what it needed while it was read.
    """

    server: BackupServer
    at: datetime

    def replicas(self) -> Iterator[ReplicaThen]:
        """By name."""
        return self._stream(REPLICAS, ReplicaThen)

    def vms(self) -> Iterator[VMThen]:
        """By name; those that had a restore point."""
        return self._stream(VMS, VMThen)

    def points(self) -> Iterator[PointThen]:
        """In the order in which syncs first saw them."""
        return self._stream(POINTS, PointThen)

    @cached_property
    def last_read(self) -> SyncRun | None:
        """The newest sync that had come through by then: replicas and new points are as new as that."""
        return self._runs().first()

    @cached_property
    def last_sweep(self) -> SyncRun | None:
        """The newest full sweep that had: removed points and changed statuses are as new as that."""
        return self._runs().filter(is_full=True).first()

    def _runs(self) -> SyncRunQuerySet:
        return self.server.sync_runs.filter(state=SyncState.SUCCEEDED, ended_at__lte=self.at).newest_first()

    def _stream(self, statement: LiteralString, row: type[Row]) -> Iterator[Row]:
        with connection.chunked_cursor() as cursor:
            with _many_changes_expected():
                cursor.execute(statement, WORDS | {"server": self.server.pk, "at": self.at})
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from (row(*values) for values in rows)
        self.insist()

    def insist(self) -> None:
        """Raises NotKept where retention has dropped something of that instant. It says so before it drops."""
        since = BackupServer.objects.values_list("history_from", flat=True).get(pk=self.server.pk)
        if since and self.at < since:
            raise NotKept(
                f"The history of {self.server} is kept from {utc_words(since)} on. "
                f"What it had at {utc_words(self.at)} cannot be told any more."
            )


@contextmanager
def _many_changes_expected() -> Iterator[None]:
    """What is planned in here puts the changes into a hash before it looks for those of each point.

    Postgres guesses that there are hardly any where they are newer than its statistics, and would then compare every
    point with every change.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET enable_nestloop = off")
        try:
            yield
        finally:
            cursor.execute("RESET enable_nestloop")


def inventory_at(server: BackupServer, at: datetime) -> Inventory:
    """Raises NotKept for an instant of which retention has dropped something, and for one that lies ahead."""
    if at > timezone.now():
        raise NotKept(f"{utc_words(at)} lies ahead: nothing is known of it yet.")
    inventory = Inventory(server, at)
    inventory.insist()
    return inventory


WORDS = {kind.name.lower(): kind.value for kind in EventKind} | {
    "clean": "Clean",
    "statuses": list(MALWARE_SEVERITY),
    "severities": list(MALWARE_SEVERITY.values()),
    "unknown_severity": UNKNOWN_MALWARE_SEVERITY,
}
