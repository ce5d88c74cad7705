"""What a run leaves to the next one: pages, their size, what cannot be counted, a drop that waits for a person."""

from django.db.models import Count

from replicas_app.choices import COMMON_MALWARE
from replicas_app.models import BackupServer, RestorePoint
from replicas_app.sync.doubts import Doubt
from replicas_app.sync.merge import Counts
from replicas_app.sync.read import Listing, Reading

RECENT_STAYS_WRONG = "recent"
"""In `BackupServer.uncounted`: nothing explained the count of recent points (a clock that misleads, say). Nobody asks
for it again until the next full sweep."""

MOVED = "moved"
"""In `BackupServer.uncounted`: a count that had been right was wrong after the last full sweep. What was scanned while
that read the points counts so, and an interval is to find it; where the next sweep finds it wrong, too, it is not asked
for any more."""


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
    if reading.recent_stays_wrong:
        server.uncounted[RECENT_STAYS_WRONG] = 1
    server.page_size = reading.pace.granted
    server.save(update_fields=["doubt", "accepted_drop", "uncounted", "page_size"])


def _remember_pages(listing: Listing, *, may_be_kept: bool, differs: bool) -> None:
    if may_be_kept and listing.was_received and not listing.has_twins:
        listing.swept.keep()
    elif differs:
        listing.swept.forget()


def _uncounted(server: BackupServer, reading: Reading) -> dict[str, int | None]:
    """By how many points the server's counts and ours differ after a full sweep; None where it does not count."""
    by_status = {
        status: None if told is None else told - _held_with(server, status) for status, told in reading.counted.items()
    }
    moved = {status: 0 for status, differ in by_status.items() if differ and server.uncounted.get(status) == 0}
    if moved and MOVED not in server.uncounted:
        by_status |= moved | {MOVED: 1}
    return {"": _not_stored(reading)} | by_status


def _not_stored(reading: Reading) -> int:
    """Of the points that the server announced. Of a whole list that is never less than none: we hold more than were
    announced where some went while it was read, which the next interval is to find."""
    differ = reading.points.announced - reading.held(reading.points)
    return max(0, differ) if reading.points.is_whole else differ


def _held_with(server: BackupServer, malware: str) -> int:
    """Counted over all servers' findings: they are few, and have an index."""
    found = RestorePoint.objects.present().filter(malware=malware).exclude(malware__in=COMMON_MALWARE)
    servers = found.order_by().values_list("server").annotate(points=Count("pk"))
    return dict(servers).get(server.pk, 0)
