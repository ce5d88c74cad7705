"""What a run leaves behind for the next one: swept pages, what cannot be counted, a drop that waits for a person."""

from replicas_app.choices import COMMON_MALWARE
from replicas_app.models import BackupServer, RestorePoint
from replicas_app.sync.doubts import Doubt
from replicas_app.sync.merge import Counts
from replicas_app.sync.read import Listing, Reading


def remember(server: BackupServer, reading: Reading, counts: Counts, doubt: Doubt, *, read_all: bool) -> None:
    """Must run in the transaction of the merge, after it."""
    replicas_differ = counts.replicas_changed or counts.replicas_removed
    _remember_pages(reading.replicas, may_be_kept=not doubt, differs=bool(replicas_differ))
    points_differ = counts.points_changed or counts.points_removed
    may_be_kept = reading.run.is_full and not doubt and not counts.orphans
    _remember_pages(reading.points, may_be_kept=may_be_kept, differs=bool(points_differ))
    if doubt or read_all:
        server.doubt = doubt.counts
    if reading.run.is_full and read_all:
        server.accepted_drop = {}
        server.uncounted = _uncounted(server, reading)
    server.save(update_fields=["doubt", "accepted_drop", "uncounted"])


def _remember_pages(listing: Listing, *, may_be_kept: bool, differs: bool) -> None:
    if may_be_kept and listing.was_received and not listing.has_twins:
        listing.swept.keep()
    elif differs:
        listing.swept.forget()


def _uncounted(server: BackupServer, reading: Reading) -> dict[str, int | None]:
    """By how many points the server's counts and ours differ after a full sweep; None where it does not count."""
    unusual = RestorePoint.objects.present().filter(server=server).exclude(malware__in=COMMON_MALWARE)
    by_status = {
        status: None if told is None else told - unusual.filter(malware=status).count()
        for status, told in reading.counted.items()
    }
    return {"": reading.points.announced - reading.held(reading.points)} | by_status
