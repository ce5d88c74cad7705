"""Reading one server into the staging tables, page by page, and knowing whether that was all of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.db.models import Sum

from replicas_app.models import SyncRun
from replicas_app.sync import runs, stage
from replicas_app.sync.ahead import ahead
from replicas_app.sync.sweeps import SweptPages
from replicas_app.vbr import Client, Pace, Page, Rejected

PASSES = 2
"""How often a listing is read when rows moved between its pages while it was read."""
KEPT_SET_ASIDE = 50
"""How many records that could not be used are kept with the run, with their reasons; all are counted."""


class Stopped(Exception):
    """The worker was asked to end. What was staged is thrown away; the next run begins anew."""


@dataclass
class Listing:
    """What is known of one listing while and after it was read."""

    kind: str
    words: str
    store: Callable
    swept: SweptPages
    rows: int = 0
    broken: int = 0
    announced: int = 0
    was_received: bool = False
    """As many different rows came as the server announced, some perhaps in a form that we do not understand."""
    has_twins: bool = False
    """Whether some row came twice."""
    staged: int = 0
    """How many rows were staged so far, over all passes."""

    @property
    def is_whole(self) -> bool:
        return self.was_received and not self.broken


@dataclass
class Reading:
    """One read of one server: how far it is, and what it met on the way."""

    run: SyncRun
    should_stop: Callable[[], bool]
    pace: Pace
    replicas: Listing = field(init=False)
    points: Listing = field(init=False)
    set_aside: list[dict[str, str]] = field(default_factory=list)
    set_aside_count: int = 0
    naive_times: int = 0
    counted: dict[str, int | None] = field(default_factory=dict)
    """What a full sweep heard of the points by malware status: {status: points}."""

    def __post_init__(self) -> None:
        server = self.run.server_id
        self.replicas = Listing("replica", "replicas", stage.stage_replicas, SweptPages.of(server, "replicas"))
        self.points = Listing("point", "restore points", stage.stage_points, SweptPages.of(server, "points"))

    def read_replicas(self, client: Client) -> None:
        """Stage the replicas. After a VbrError what came so far is staged, and marked as not whole."""
        self._read(self.replicas, lambda: client.replicas(pace=self.pace, known=self.replicas.swept.knows))

    def sweep_points(self, client: Client) -> None:
        """Stage all points that we do not know to be as they were.

        From one list, or replica by replica from a server that has no such list.
        """
        try:
            self._read(self.points, lambda: client.points(pace=self.pace, known=self.points.swept.knows))
        except Rejected as error:
            if error.cause != "gone":
                raise
            replica_ids = stage.replica_ids()
            self._read(self.points, lambda: _replica_by_replica(client, replica_ids))

    def read_points(self, pages: Iterable[Page]) -> bool:
        """Stage some points beside what is staged. Whether as many came as were announced, all of them readable."""
        listing = self.points
        rows = announced = broken = 0
        for page in pages:
            self._take(listing, page)
            rows, broken = rows + page.received, broken + len(page.broken)
            announced = rows if page.total is None else page.total
            listing.rows += page.received
            self._tell(listing)
        return rows >= announced and not broken

    @property
    def whole_listings(self) -> list[Listing]:
        """Those that this run reads to their end."""
        return [self.replicas, self.points] if self.run.is_full else [self.replicas]

    @property
    def has_staged(self) -> bool:
        return bool(self.replicas.staged or self.points.staged)

    def held(self, listing: Listing) -> int:
        """How many of such rows we hold as present."""
        server = self.run.server
        if listing is self.replicas:
            return server.replicas.present().count()
        return server.replicas.aggregate(points=Sum("point_count"))["points"] or 0

    def is_as_held(self, listing: Listing) -> bool:
        """Whether every page came just as the last sweep saw it, and we hold nothing beside that."""
        return listing.is_whole and not listing.staged and listing.rows == self.held(listing)

    def know_what_was_recognised(self) -> None:
        """Have the ids on known pages at hand for the merge, once each, and each staged row once."""
        for listing in (self.replicas, self.points):
            if listing.swept.recognised:
                stage.forget_known(listing.kind)
                stage.know(listing.kind, self.run.server_id, listing.swept)
            if listing.has_twins or listing not in self.whole_listings:
                stage.forget_twins(listing.kind)

    def put_aside(self, what: str, id: str, reason: str, count: int = 1) -> None:
        self.set_aside_count += count
        if len(self.set_aside) < KEPT_SET_ASIDE:
            self.set_aside.append({"what": what, "id": id, "reason": reason})

    def _read(self, listing: Listing, pages: Callable[[], Iterable[Page]]) -> None:
        for _ in range(PASSES):
            first = listing.staged
            self._pass(listing, pages())
            different = self._different(listing, first)
            listing.was_received = different + listing.broken >= listing.announced
            listing.has_twins = different + listing.broken < listing.rows
            if listing.was_received:
                stage.forget(listing.kind, before=first)
                return

    def _different(self, listing: Listing, first: int) -> int:
        """How many different rows this pass brought. Those of swept pages are different from each other."""
        if listing.staged == first:
            return listing.rows - listing.broken
        stage.know(listing.kind, self.run.server_id, listing.swept)
        return stage.distinct(listing.kind, first)

    def _pass(self, listing: Listing, pages: Iterable[Page]) -> None:
        self._begin(listing)
        for page in ahead(pages):
            listing.rows += page.received
            listing.announced = listing.rows if page.total is None else page.total
            self._take(listing, page)
            listing.swept.add(page)
            self._tell(listing)

    def _begin(self, listing: Listing) -> None:
        """A second pass meets the same broken records and the same known pages again; they count once."""
        self.set_aside = [entry for entry in self.set_aside if entry["what"] != listing.words]
        self.set_aside_count -= listing.broken
        listing.rows = listing.broken = listing.announced = 0
        listing.swept.begin()
        stage.forget_known(listing.kind)

    def _take(self, listing: Listing, page: Page) -> None:
        if self.should_stop():
            raise Stopped
        if page.records:
            listing.store(page.records, listing.staged)
        listing.staged += len(page.records)
        listing.broken += len(page.broken)
        self.naive_times += page.naive_times
        for broken in page.broken:
            self.put_aside(listing.words, broken.id, broken.reason)

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


def _replica_by_replica(client: Client, replica_ids: list[str]) -> Iterator[Page]:
    """Their pages stand in no order that would come again, so none of them is remembered."""
    announced = 0
    for replica_id in replica_ids:
        total = 0
        for page in client.replica_points(replica_id):
            total = total + page.received if page.total is None else page.total
            yield replace(page, total=announced + total, digest=b"")
        announced += total
