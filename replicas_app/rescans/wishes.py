"""From a selection of replicas to rescans: what can be started, what is left out, and who has what is left out.

That a replica is in one open rescan at most is a constraint of the database. Rows are inserted, and what the
constraint turns away is told; nothing is looked up first and then believed.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.db import IntegrityError, transaction
from django.utils import timezone

from replicas_app.models import BackupServer, Person, Replica, Rescan, RescanReplica
from replicas_app.rescans import left_out
from replicas_app.text import storable

logger = logging.getLogger(__name__)

LARGEST_SESSION = 500
"""How many replicas one session may hold; more become several sessions, one after the other."""
LONGEST_REASON = 500


class NothingSelected(Exception):
    """A wish without a single replica. It is refused: what a server does with an empty list is not known."""


@dataclass
class Selection:
    """Replicas, sorted by what can be done with them; and the rescans that were started, if any were."""

    at: datetime
    ready: dict[BackupServer, list[Replica]] = field(default_factory=dict)
    """In nobody's rescan when it was looked; that may change until one is started."""
    taken: dict[Rescan, list[Replica]] = field(default_factory=dict)
    """Already in somebody's rescan, by that rescan."""
    resting: dict[Rescan, list[Replica]] = field(default_factory=dict)
    """Rescanned well a moment ago, by that rescan."""
    closed: dict[BackupServer, list[Replica]] = field(default_factory=dict)
    """On servers to which nothing is sent."""
    removed: list[Replica] = field(default_factory=list)
    """No longer listed by their server."""
    started: list[Rescan] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.ready or self.taken or self.resting or self.closed or self.removed)

    @property
    def what(self) -> str:
        """What can be rescanned: the replica's name, or how many there are."""
        replicas = [replica for part in self.ready.values() for replica in part]
        return replicas[0].name if len(replicas) == 1 else f"{len(replicas):,} replicas"

    @property
    def where(self) -> str:
        return next(iter(self.ready)).name if len(self.ready) == 1 else f"{len(self.ready)} servers"

    @property
    def left_out(self) -> list[left_out.LeftOut]:
        """Everything that is not ready, by reason."""
        by_server = groupby(self.removed, key=lambda replica: replica.server)
        return [
            *(left_out.taken(rescan, replicas) for rescan, replicas in self.taken.items()),
            *(left_out.resting(rescan, replicas, self.at) for rescan, replicas in self.resting.items()),
            *(left_out.closed(server, replicas) for server, replicas in self.closed.items()),
            *(left_out.removed(server, list(replicas)) for server, replicas in by_server),
        ]

    @property
    def sessions_needed(self) -> int:
        return sum(-(-len(replicas) // LARGEST_SESSION) for replicas in self.ready.values())

    @property
    def leads_to(self) -> Rescan | None:
        """The one rescan that this selection is about, if it is one: the new one, or the one that has or had them."""
        rescans = self.started or [*self.taken, *self.resting]
        return rescans[0] if len(rescans) == 1 else None


def may_be_asked(server: BackupServer) -> bool:
    """Whether anything may be sent to the server: it is enabled, and its certificate was accepted."""
    return server.is_enabled and not server.is_unconfirmed


def sort_out(replicas: Iterable[Replica]) -> Selection:
    """What could be started right now. Servers and replicas stand in the order of their keys."""
    selection = Selection(at=timezone.now())
    present = []
    for replica in sorted(replicas, key=lambda replica: (replica.server_id, replica.pk)):
        if replica.removed_at:
            selection.removed.append(replica)
        elif not may_be_asked(replica.server):
            selection.closed.setdefault(replica.server, []).append(replica)
        else:
            present.append(replica)
    owners, rested = _owners(present), _rested(present, selection.at)
    for replica in present:
        if owner := owners.get(replica.pk):
            selection.taken.setdefault(owner, []).append(replica)
        elif before := rested.get(replica.pk):
            selection.resting.setdefault(before, []).append(replica)
        else:
            selection.ready.setdefault(replica.server, []).append(replica)
    return selection


def start(person: Person | None, replicas: Iterable[Replica], reason: str = "") -> Selection:
    """Open a rescan for all of these replicas that can have one; the answer tells them and the others.

    Whoever asks for the same replicas at the same moment waits here until this one is written, and then finds them
    taken. Rows are inserted in one order by everybody, so nobody waits in a circle.

    Raises:
        NothingSelected: there is no replica at all.
        BackupServer.DoesNotExist: a server, or what was selected of it, was removed at this moment.
    """
    selection = sort_out(replicas)
    if selection.is_empty:
        raise NothingSelected
    try:
        with transaction.atomic():
            for wanted in selection.ready.values():
                for part in _parts(wanted):
                    _open(person, part, storable(reason.strip())[:LONGEST_REASON], selection)
            _note_left_out(selection)
    except IntegrityError as error:  # what the constraint of open rescans turns away is told, and is none
        raise BackupServer.DoesNotExist("It was removed while a rescan of it was asked for.") from error
    for rescan in selection.started:
        logger.info("rescan %s of server %s: %s replicas", rescan.pk, rescan.server_id, rescan.replica_count)
    return selection


def _note_left_out(selection: Selection) -> None:
    """The first rescan of each server tells what of that server is left out."""
    first_of = {rescan.server_id: rescan for rescan in reversed(selection.started)}
    for group in selection.left_out:
        if rescan := first_of.get(group.replicas[0].server_id):
            rescan.left_out.append(group.kept(selection.at))
    Rescan.objects.bulk_update(first_of.values(), ["left_out"])


def _open(person: Person | None, wanted: Sequence[Replica], reason: str, selection: Selection) -> None:
    now = timezone.now()
    rescan = Rescan.objects.create(
        server=wanted[0].server,
        asked_by=person,
        reason=reason,
        replica_count=len(wanted),
        created_at=now,
        next_poll_at=now,
    )
    RescanReplica.objects.bulk_create(
        [RescanReplica(rescan=rescan, replica=replica) for replica in wanted], ignore_conflicts=True
    )
    got = set(rescan.members.values_list("replica_id", flat=True))
    _turn_away([replica for replica in wanted if replica.pk not in got], selection)
    if not got:
        rescan.delete()
        return
    if len(got) < len(wanted):
        rescan.replica_count = len(got)
        rescan.save(update_fields=["replica_count"])
    selection.started.append(rescan)


def _turn_away(replicas: Sequence[Replica], selection: Selection) -> None:
    """Somebody was faster with these. Their rescan may even have ended by now: the newest one is named."""
    owners = _owners(replicas, even_ended=True)
    for replica in replicas:
        selection.taken.setdefault(owners[replica.pk], []).append(replica)


def _owners(replicas: Sequence[Replica], *, even_ended: bool = False) -> dict[int, Rescan]:
    """The rescan that has each of the replicas, by the replica's key."""
    members = RescanReplica.objects.filter(replica__in=replicas)
    if not even_ended:
        members = members.filter(is_open=True)
    newest = members.order_by("replica_id", "-is_open", "-pk").distinct("replica_id")
    return {member.replica_id: member.rescan for member in newest.select_related("rescan__asked_by", "rescan__server")}


def _rested(replicas: Sequence[Replica], now: datetime) -> dict[int, Rescan]:
    """The rescan because of which each of the replicas is left alone for a while, by the replica's key."""
    members = RescanReplica.objects.resting(now).filter(replica__in=replicas)
    newest = members.order_by("replica_id", "-ended_well_at").distinct("replica_id")
    return {member.replica_id: member.rescan for member in newest.select_related("rescan__asked_by", "rescan__server")}


def _parts(replicas: Sequence[Replica]) -> Iterator[Sequence[Replica]]:
    for first in range(0, len(replicas), LARGEST_SESSION):
        yield replicas[first : first + LARGEST_SESSION]
