"""A server that suddenly lists far less than we hold: nothing is removed before a person believes it."""

from dataclasses import dataclass

from django.db import transaction

from replicas_app import sync
from replicas_app.models import BackupServer, Person, SyncRun


@dataclass(frozen=True)
class Drop:
    """`listing`: "replicas" or "restore points"; `came`: how many the server named, `held`: how many we have of it."""

    listing: str
    came: int
    held: int

    @property
    def gone(self) -> int:
        return self.held - self.came


def drops_of(server: BackupServer) -> list[Drop]:
    """What is doubted of this server; empty once a person has accepted it, or the server lists all of it again."""
    if server.accepted_drop:
        return []
    return [Drop(listing, came, held) for listing, (came, held) in server.doubt.items()]


def mark_of(drops: list[Drop]) -> str:
    """The numbers that a person has seen, to be sent back with their decision: `replicas 40 of 401`."""
    return ", ".join(f"{drop.listing} {drop.came} of {drop.held}" for drop in drops)


def accept_drop(server: BackupServer, person: Person, seen: str) -> SyncRun | None:
    """Believe the drop with these numbers: a full sweep begins. None where the numbers are other ones by now.

    The server's key is not locked: who asks for a read at this moment needs it, and has what we wait for.
    """
    with transaction.atomic():
        current = BackupServer.objects.select_for_update(no_key=True).get(pk=server.pk)
        drops = drops_of(current)
        return sync.accept_drop(current, person) if drops and mark_of(drops) == seen else None
