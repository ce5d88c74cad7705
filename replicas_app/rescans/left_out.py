"""What of a wish is not rescanned, and why: the same sentences in question, answer, shell and on the rescan's page.

A replica that cannot be rescanned never holds the others up. It is left out, whether that shows when somebody asks
(another rescan has it, it was rescanned a moment ago, nothing is sent to its server, it is gone) or only when the
server is asked (it has vanished there, and no read has seen that yet).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from replicas_app import cool_down
from replicas_app.models import BackupServer, Replica, Rescan, RescanReplica
from replicas_app.rescans import rows
from replicas_app.rescans.words import NAMED, count_of
from replicas_app.text import names_of

KEPT_NAMES = 200
"""Of more that are left out for one reason, the others are counted: a wish may hold tens of thousands."""


@dataclass(frozen=True)
class LeftOut:
    """Replicas of one server that are left out for one reason."""

    replicas: Sequence[Replica]
    reason: str
    """What `is` makes a sentence of: `in rescan 5 of kim already`."""
    is_past: bool = False
    """Whether `was` has to."""
    kept_reason: str = ""
    """The reason as one reads it later, after `was`, where that differs."""
    rescan: Rescan | None = None
    """The rescan that has or had them."""

    @property
    def words(self) -> str:
        """`is in rescan 5 of kim already`, of one; `are …` of several."""
        return f"{self._verb(self.is_past)} {self.reason}"

    @property
    def words_of_one(self) -> str:
        """The same of each of them."""
        return f"{'was' if self.is_past else 'is'} {self.reason}"

    @property
    def who(self) -> str:
        return str(self.replicas[0]) if len(self.replicas) == 1 else count_of(len(self.replicas), "replica")

    @property
    def names(self) -> str:
        """Where `who` is no name: which they are, the first of them."""
        count = len(self.replicas)
        return "" if count == 1 else names_of([str(replica) for replica in self.replicas[:NAMED]], count)

    def kept(self, at: datetime) -> dict[str, Any]:
        """As it stands in `Rescan.left_out`."""
        return {
            "at": at.isoformat(),
            "count": len(self.replicas),
            "replicas": [str(replica) for replica in self.replicas[:KEPT_NAMES]],
            "words": f"{self._verb(is_past=True)} {self.kept_reason or self.reason}",
            "rescan": self.rescan and self.rescan.pk,
        }

    def _verb(self, is_past: bool) -> str:
        return (("was", "were") if is_past else ("is", "are"))[len(self.replicas) > 1]


def taken(rescan: Rescan, replicas: Sequence[Replica]) -> LeftOut:
    return LeftOut(replicas, f"in {rescan} of {rescan.asked_by_words} already", rescan=rescan)


def resting(rescan: Rescan, replicas: Sequence[Replica], now: datetime) -> LeftOut:
    asked_by = rescan.asked_by and rescan.asked_by.get_username()
    later = cool_down.words_later(rescan.ended_at, asked_by, now)
    now_words = cool_down.words(rescan.ended_at, asked_by, now)
    return LeftOut(replicas, now_words, is_past=True, kept_reason=later, rescan=rescan)


def closed(server: BackupServer, replicas: Sequence[Replica]) -> LeftOut:
    why = "whose certificate nobody has accepted yet" if server.is_enabled else "which is disabled"
    return LeftOut(replicas, f"on {server}, {why}: nothing is sent to it")


def removed(server: BackupServer, replicas: Sequence[Replica]) -> LeftOut:
    return LeftOut(replicas, f"no longer on {server}")


def vanished(server: BackupServer, replicas: Sequence[Replica]) -> LeftOut:
    return LeftOut(replicas, f"no longer on {server} when its turn came", is_past=True)


def leave_out(rescan: Rescan, group: LeftOut, at: datetime) -> bool:
    """Take these out of a rescan of which nothing was started, and write down why. At least one has to be left.

    No: it was cancelled meanwhile.
    """
    with transaction.atomic():
        left = rescan.replica_count - len(group.replicas)
        is_written = rows.write(rescan, replica_count=left, left_out=[*rescan.left_out, group.kept(at)])
        if is_written:
            RescanReplica.objects.filter(rescan=rescan, replica__in=group.replicas).delete()
    return is_written
