"""The drop guard: a list that is suddenly empty, or a tenth of what we hold, waits for a person to accept it."""

from dataclasses import dataclass, field

from replicas_app.models import BackupServer
from replicas_app.sync.read import Reading

FROM = 10
SHARE = 10
"""A drop is a listing of less than a tenth of what we hold, where we hold ten or more."""


@dataclass(frozen=True)
class Doubt:
    """`counts`: what `BackupServer.doubt` keeps; empty where all is believed."""

    server: BackupServer
    counts: dict[str, list[int]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return " ".join(
            f"{self.server} answered with {came:,} of {held:,} {listing}. We kept all {held:,}."
            for listing, (came, held) in self.counts.items()
        )

    def __bool__(self) -> bool:
        return bool(self.counts)


def doubt_of(server: BackupServer, reading: Reading) -> Doubt:
    counts = {}
    for listing in reading.whole_listings:
        held = reading.held(listing)
        if listing.is_whole and is_a_drop(listing.rows, min(held, server.accepted_drop.get(listing.words, held))):
            counts[listing.words] = [listing.rows, held]
    return Doubt(server, counts)


def is_a_drop(rows: int, held: int) -> bool:
    """Whether a list of so many rows waits for a person, where we hold so many and nobody accepted fewer."""
    return rows == 0 < held or (held >= FROM and rows * SHARE < held)
