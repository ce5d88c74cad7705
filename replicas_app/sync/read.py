"""Reading one server into the staging tables, page by page, and knowing whether that was all of it.

A page is made ready for COPY in the thread that reads ahead, so that Postgres stores one while the next is fetched.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.db.models import Sum

from replicas_app.models import SyncRun
from replicas_app.sync import runs, stage
from replicas_app.sync.ahead import ahead
from replicas_app.sync.aside import Aside, were_set_aside
from replicas_app.sync.merge import CameTwice, Merge
from replicas_app.sync.packed import packed_points, packed_replicas
from replicas_app.sync.sweeps import SweptPages
from replicas_app.vbr import Broken, Client, Malformed, Pace, Page, Rejected, ReplicaRecord

PASSES = 2
"""How often a listing is read when rows moved between its pages while it was read."""
SLICE_BYTES = 6_000_000
"""How much of a sweep, about 20,000 points, is staged before it is merged while the next points are read."""
MOST_EXPECTED = 2**31 - 1
"""What its column holds. A server that announces more is wrong, and is told so in words."""
FEW_REPLICAS = 20
ROWS_PER_REQUEST = 5_000
"""Reading a replica to its end is worth a request where a sweep of everything would take more of them."""


class Stopped(Exception):
    """The worker was asked to end. What was staged is thrown away; the next run begins anew."""


@dataclass(eq=False)
class Listing:
    """What is known of one listing while and after it was read."""

    kind: str
    words: str
    packed: Callable[[list, int], bytes]
    """From records, and the number of the first, to what COPY reads."""
    store: Callable[[bytes], None]
    swept: SweptPages
    rows: int = 0
    broken: int = 0
    announced: int = 0
    staged: int = 0
    """How many records were staged so far, over all passes."""
    was_received: bool = False
    """As many different rows came as the server announced, some perhaps in a form that we do not understand."""
    has_twins: bool = False
    """Whether some row came twice."""
    is_one_list: bool = True
    """Whether the server has it as one: else it is read replica by replica."""
    is_known: bool = False
    """Whether the ids on the pages that this pass recognised are at hand."""
    is_direct: bool = False
    """Whether the rows go to their table at once, where none can stand twice."""

    @property
    def is_whole(self) -> bool:
        return self.was_received and not self.broken


@dataclass
class Reading:
    """One read of one server: how far it is, and what it met on the way."""

    run: SyncRun
    should_stop: Callable[[], bool]
    pace: Pace
    merge: Merge
    directly: bool = True
    """Whether the first points of a server may go to their table at once. Not where some of them came twice."""
    replicas: Listing = field(init=False)
    points: Listing = field(init=False)
    aside: Aside = field(default_factory=Aside)
    naive_times: int = 0
    came_in_pages: set[str] = field(default_factory=set)
    """The replicas whose points did not come at one blow, where they are read replica by replica."""
    recent_stays_wrong: bool = False
    """Whether the server counts more or fewer points of a recent time than it lists."""
    counted: dict[str, int | None] = field(default_factory=dict)
    """What a full sweep heard of the points by malware status: {status: points}."""

    def __post_init__(self) -> None:
        server = self.run.server_id
        self.replicas = Listing(
            "replica", "replicas", packed_replicas, stage.copy_replicas, SweptPages.of(server, "replicas")
        )
        self.points = Listing(
            "point", "restore points", packed_points, stage.copy_points, SweptPages.of(server, "points")
        )

    # What is read

    def read_replicas(self, client: Client) -> None:
        """Stage the replicas. After a VbrError what came so far is staged, and marked as not whole."""
        self._read(self.replicas, lambda: client.replicas(pace=self.pace, known=self.replicas.swept.knows))

    def sweep_points(self, client: Client) -> None:
        """Stage, and merge slice by slice, all points that we do not know to be as they were.

        From one list, or replica by replica from a server that has no such list. Raises CameTwice: see `directly`.
        """
        if self.directly and not self.run.server.points.exists():
            direct = self.merge.begin_directly()
            self.points.packed, self.points.store, self.points.is_direct = direct.packed, direct.store, True
        try:
            self._read(self.points, lambda: client.points(pace=self.pace, known=self.points.swept.knows))
        except Rejected as error:
            if error.cause != "gone":
                raise
            self.know_what_was_recognised(self.replicas)
            replica_ids, self.points.is_one_list = stage.replica_ids(), False
            self._read(self.points, lambda: _replica_by_replica(client, replica_ids, self.came_in_pages))

    def read_points(self, pages: Iterable[Page], *, forgives_known: bool = False) -> bool:
        """Stage some points beside what is staged. Whether as many different ones came as were announced, all readable.

        `forgives_known`: or set aside by the last sweep, too, so that another one would know no more.
        """
        first, rows, announced, broken = self.points.staged, 0, 0, list[Broken]()
        for page in pages:
            rows, broken = rows + page.received, broken + page.broken
            announced = max(announced, rows if page.total is None else page.total)
            self.points.rows += page.received
            self._store(self.points, self._ready(self.points, page))
        if stage.came_since("point", first) + len(broken) < announced:
            return False
        return not broken or (forgives_known and were_set_aside(self.run.server, self.points.words, broken))

    def forget_points(self) -> None:
        """What came of them so far counts no more."""
        stage.forget("point", before=self.points.staged)
        self._forget_broken(self.points)

    def meet(self, listing: Listing, pages: Iterable[Page]) -> bool:
        """Stage, of some rows, those that did not come with the whole list before. Say whether all of them came.

        A row that did stays as it came then: that it is stored so is what the pages say that will be remembered.
        """
        first, received, announced = listing.staged, 0, 0
        for page, rows in ahead((page, self._ready(listing, page)) for page in pages):
            received += page.received
            announced = max(announced, received if page.total is None else page.total)
            self._store(listing, rows)
        came = stage.came_since(listing.kind, first)
        stage.forget_repeated(listing.kind, first)
        return came + listing.broken >= announced

    # What is known of it

    @property
    def whole_listings(self) -> list[Listing]:
        """Those that this run reads to their end."""
        return [self.replicas, self.points] if self.run.is_full else [self.replicas]

    def held(self, listing: Listing) -> int:
        """How many of such rows we hold as present."""
        server = self.run.server
        if listing is self.replicas:
            return server.replicas.present().count()
        return server.replicas.aggregate(points=Sum("point_count"))["points"] or 0

    def is_as_held(self, listing: Listing) -> bool:
        """Whether every page came just as the last sweep saw it, and we hold nothing beside that."""
        return listing.is_whole and not listing.staged and listing.rows == self.held(listing)

    def know_what_was_recognised(self, listing: Listing) -> None:
        """Have the ids on known pages at hand, once a pass has ended."""
        if not listing.is_known:
            stage.know(listing.kind, self.run.server_id, listing.swept)
            listing.is_known = True

    # How a listing is read to its end

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
            if listing.is_direct:
                raise CameTwice

    def _pass(self, listing: Listing, pages: Iterable[Page]) -> None:
        self._begin(listing)
        waiting = 0
        for rows in ahead(self._all_ready(listing, pages)):
            self._store(listing, rows)
            listing.swept.set_down()
            waiting += len(rows)
            if waiting >= SLICE_BYTES and listing is self.points and not listing.is_direct:
                self.merge.take_points()
                waiting = 0

    def _begin(self, listing: Listing) -> None:
        """A second pass meets the same broken records and the same known pages again; they count once."""
        self._forget_broken(listing)
        listing.rows = listing.announced = 0
        listing.swept.begin()
        listing.is_known = False
        stage.forget_known(listing.kind)

    def _forget_broken(self, listing: Listing) -> None:
        self.aside.forget(listing.words, listing.broken)
        listing.broken = 0

    def _different(self, listing: Listing, first: int) -> int:
        """How many different rows this pass brought. Those of swept pages are different from each other."""
        if listing.staged == first or listing.is_direct:
            return listing.rows - listing.broken
        self.know_what_was_recognised(listing)
        return stage.distinct(listing.kind, first)

    # One page

    def _all_ready(self, listing: Listing, pages: Iterable[Page]) -> Iterator[bytes]:
        """Runs in the thread that reads ahead."""
        for page in pages:
            listing.rows += page.received
            told = listing.rows if page.total is None else page.total
            listing.announced = max(listing.announced, told)  # the last page alone may say less than all before it
            listing.swept.add(page)
            yield self._ready(listing, page)

    def _ready(self, listing: Listing, page: Page) -> bytes:
        """The page as COPY reads it; everything else about it is taken down. Raises Stopped."""
        rows = listing.packed(page.records, listing.staged) if page.records else b""
        listing.staged += len(page.records)
        listing.broken += len(page.broken)
        self.naive_times += page.naive_times
        for broken in page.broken:
            self.aside.put(listing.words, broken.id, broken.reason)
        self._tell(listing)
        return rows

    def _store(self, listing: Listing, rows: bytes) -> None:
        if self.should_stop():
            raise Stopped
        if rows:
            listing.store(rows)

    def _tell(self, listing: Listing) -> None:
        """Raises Stopped where somebody closed the run meanwhile."""
        is_wanted = runs.progress(
            self.run.pk,
            step=f"Reading {listing.words}",
            rows_read=self.replicas.rows + self.points.rows,
            rows_expected=min(self.replicas.announced + self.points.announced, MOST_EXPECTED),
        )
        if not is_wanted:
            raise Stopped


def replica_by_id(client: Client, id: str) -> ReplicaRecord | None:
    """None where the server itself says that it has none: nothing else means that it is gone."""
    try:
        replica = client.replica(id)
    except Rejected as error:
        if error.cause != "gone":
            raise
        return None
    if replica.id != id:
        raise Malformed("answer", "it is another replica than was asked for", status=200)
    return replica


def _replica_by_replica(client: Client, replica_ids: list[str], in_pages: set[str]) -> Iterator[Page]:
    """Their pages stand in no order that would come again, so none of them is remembered."""
    announced = 0
    for replica_id in replica_ids:
        total = 0
        for page in points_of(client, replica_id):
            if page.skip:
                in_pages.add(replica_id)
            total = total + page.received if page.total is None else page.total
            yield replace(page, total=announced + total, digest=b"")
        announced += total


def is_worth_a_request(replicas: int, points: int) -> bool:
    """Whether so many replicas are read to their end, one by one, rather than all these points."""
    return replicas <= max(FEW_REPLICAS, points // ROWS_PER_REQUEST)


def points_of(client: Client, replica_id: str) -> Iterator[Page]:
    """None of a replica that went since it was listed."""
    try:
        yield from client.replica_points(replica_id)
    except Rejected:
        if replica_by_id(client, replica_id):
            raise
