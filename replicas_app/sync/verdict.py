"""What a run amounts to: its state, and in one sentence why it is not all that it should be."""

from dataclasses import dataclass

from replicas_app.choices import SyncState
from replicas_app.sync.read import Listing, Reading
from replicas_app.vbr import VbrError

OUR_FAULT = "The dashboard itself failed while it read this server. The log of the worker says why."


@dataclass(frozen=True)
class Verdict:
    state: SyncState
    words: str = ""
    cause: str = ""
    read_all: bool = False
    """Whether the server answered with all that such a run asks for."""


def verdict_of(reading: Reading, fault: VbrError | None, doubt: str) -> Verdict:
    if fault is not None:
        return Verdict(SyncState.FAILED, fault.sentence, fault.cause)
    if doubt:
        return Verdict(SyncState.PARTIAL, doubt, "drop")
    for listing in reading.whole_listings:
        if not listing.was_received:
            return Verdict(SyncState.PARTIAL, _short(listing), "short")
    if reading.replicas.broken or reading.points.broken:
        return Verdict(SyncState.PARTIAL, _aside(reading), "aside", read_all=True)
    return Verdict(SyncState.SUCCEEDED, read_all=True)


def _short(listing: Listing) -> str:
    return (
        f"The list of {listing.words} changed while it was read: {listing.announced} were announced, fewer came. "
        "What came is stored, nothing was removed; the next sync reads it again."
    )


def _aside(reading: Reading) -> str:
    count = reading.replicas.broken + reading.points.broken
    records = "1 record was set aside because it" if count == 1 else f"{count:,} records were set aside because they"
    return f"{records} could not be understood. All others are stored, nothing was removed."
