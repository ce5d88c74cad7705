"""Reading one server into the staging tables, page by page, and knowing whether that was all of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from replicas_app.models import SyncRun
from replicas_app.sync import runs, stage
from replicas_app.vbr import Client, Page, Rejected

PASSES = 2
"""How often a listing is read when rows moved between its pages while it was read."""
KEPT_SET_ASIDE = 50
"""How many records that could not be used are kept with the run, with their reasons; all are counted."""


class Stopped(Exception):
    """The worker was asked to end. What was staged is thrown away; the next run begins anew."""


@dataclass
class Listing:
    """What is known of one listing while and after it was read."""

    words: str
    table: str
    rows: int = 0
    broken: int = 0
    announced: int = 0
    was_received: bool = False
    """As many different rows came as the server announced, some perhaps in a form that we do not understand."""

    @property
    def is_whole(self) -> bool:
        return self.was_received and not self.broken


@dataclass
class Reading:
    """One read of one server: how far it is, and what it met on the way."""

    run: SyncRun
    should_stop: Callable[[], bool]
    replicas: Listing = field(default_factory=lambda: Listing("replicas", "staged_replica"))
    points: Listing = field(default_factory=lambda: Listing("restore points", "staged_point"))
    set_aside: list[dict[str, str]] = field(default_factory=list)
    set_aside_count: int = 0
    naive_times: int = 0

    def read(self, client: Client) -> None:
        """Stage both listings. After a VbrError what was staged so far is there, and marked as not whole."""
        stage.create_tables()
        self._read(self.replicas, client.replicas, stage.stage_replicas)
        self._read(self.points, lambda: self._points(client), stage.stage_points)

    def _read(self, listing: Listing, pages: Callable[[], Iterable[Page]], store: Callable) -> None:
        for number in range(1, PASSES + 1):
            self._pass(listing, pages(), store, number)
            listing.was_received = stage.distinct(listing.table, number) + listing.broken >= listing.announced
            if listing.was_received:
                stage.forget_passes_before(listing.table, number)
                return

    def _pass(self, listing: Listing, pages: Iterable[Page], store: Callable, number: int) -> None:
        self._forget_set_aside(listing)
        listing.rows = listing.broken = listing.announced = 0
        for page in pages:
            if self.should_stop():
                raise Stopped
            store(page.records, number)
            self._count(listing, page)
            self._tell(listing)

    def _count(self, listing: Listing, page: Page) -> None:
        listing.rows += page.received
        listing.announced = listing.rows if page.total is None else page.total
        listing.broken += len(page.broken)
        self.naive_times += page.naive_times
        for broken in page.broken:
            self.put_aside(listing.words, broken.id, broken.reason)

    def put_aside(self, what: str, id: str, reason: str, count: int = 1) -> None:
        self.set_aside_count += count
        if len(self.set_aside) < KEPT_SET_ASIDE:
            self.set_aside.append({"what": what, "id": id, "reason": reason})

    def _forget_set_aside(self, listing: Listing) -> None:
        """A second pass meets the same broken records again; they count once."""
        kept = [entry for entry in self.set_aside if entry["what"] != listing.words]
        self.set_aside_count -= listing.broken
        self.set_aside = kept

    def _tell(self, listing: Listing) -> None:
        """Raises Stopped where somebody closed the run meanwhile."""
        is_wanted = runs.progress(
            self.run.pk,
            step=f"Reading {listing.words}",
            rows_read=self.replicas.rows + self.points.rows,
            rows_expected=self.replicas.announced + self.points.announced,
        )
        if not is_wanted:
            raise Stopped

    def _points(self, client: Client) -> Iterator[Page]:
        """All points in one list, or replica by replica from a server that has no such list."""
        try:
            yield from client.points()
        except Rejected as error:
            if error.cause != "gone":
                raise
            yield from self._points_replica_by_replica(client)

    def _points_replica_by_replica(self, client: Client) -> Iterator[Page]:
        announced = 0
        for replica_id in stage.staged_replica_ids():
            total = 0
            for page in client.replica_points(replica_id):
                total = total + page.received if page.total is None else page.total
                yield replace(page, total=announced + total)
            announced += total
