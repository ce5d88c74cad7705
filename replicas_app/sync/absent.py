"""What we hold and a whole list left out is asked for once more before it counts as gone.

While a list is read page by page, a row that goes moves all behind it up by one, and nobody meets the one that moves
across the end of a page. Where another row comes at the end of the list meanwhile, as many came as were announced, and
nothing else tells. Until the answers are there, the list counts as one that did not come whole.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import LiteralString

from replicas_app.sync import dropped, stage
from replicas_app.sync.doubts import is_a_drop
from replicas_app.sync.read import Listing, Reading, is_worth_a_request, points_of, replica_by_id
from replicas_app.vbr import Client, Page, ReplicaRecord

FEW = 20
"""So many replicas are asked for one by one: that is quick, however long the list is. For more of them it is read once
more, since a page of it is one request, too, and brings up to 10,000."""
LOOKS = 2
"""How often the same points are asked for where fewer came than were announced: they move while one looks."""


def look_again_at_replicas(reading: Reading, client: Client) -> None:
    """Stage what is there after all."""
    listing = reading.replicas
    if not _may_lack_some(reading, listing):
        return
    if ids := [id for (id,) in _absent(reading, listing, IDS)]:
        listing.was_received = False
        one_by_one = (_by_id(client, id) for id in ids)
        pages = one_by_one if len(ids) <= FEW else client.replicas(pace=reading.pace)
        listing.was_received = reading.meet(listing, pages)


def look_again_at_points(reading: Reading, client: Client) -> None:
    """Stage, after a sweep, what is there after all.

    That fewer came than were announced is a reason to look twice, and no more: a server may count without its filter.
    """
    listing = reading.points
    if listing.is_direct or not _may_lack_some(reading, listing):
        return
    listing.was_received = False
    for look in _looks_at_points(reading, client):
        for _ in range(LOOKS):
            if reading.meet(listing, look()):
                break
    listing.was_received = True


def _may_lack_some(reading: Reading, listing: Listing) -> bool:
    """Whether a list that dropped to nearly nothing is true is for a person to say."""
    return listing.is_whole and not reading.is_as_held(listing) and not is_a_drop(listing.rows, reading.held(listing))


def _looks_at_points(reading: Reading, client: Client) -> list[Callable[[], Iterable[Page]]]:
    """By the times of what did not come, where they hold few other points; else by replica, where those are few.

    None where it is neither: then nearly all would have to be read again.
    """
    spans = _spans(reading) if reading.points.is_one_list else []
    if spans and _takes_times_for_the_same(reading, client):
        return [partial(dropped.listed, client, span, reading.pace) for span in spans]
    replicas = _replicas_to_ask(reading)
    if not is_worth_a_request(len(replicas), reading.held(reading.points)):
        return []
    return [partial(points_of, client, id) for id in replicas]


def _takes_times_for_the_same(reading: Reading, client: Client) -> bool:
    """Whether the server lists a point that came when it is asked for its time: else what it lists proves nothing."""
    [(moment,)] = _absent(reading, reading.points, NEWEST_OTHER)
    pages = dropped.listed(client, dropped.Span(moment, moment), reading.pace) if moment else []
    return any(record.created_at == moment for page in pages for record in page.records)


def _spans(reading: Reading) -> list[dropped.Span]:
    minutes = _absent(reading, reading.points, MINUTES)
    moments = [moment for begin, end, _ in minutes for moment in (begin, end)]
    return dropped.spans_of(reading.run.server_id, moments, gone=sum(count for *_, count in minutes))


def _replicas_to_ask(reading: Reading) -> list[str]:
    """A replica whose own points all came on one page, while nothing could move, need not be asked again."""
    reading.know_what_was_recognised(reading.replicas)
    replicas = [id for (id,) in _absent(reading, reading.points, LISTED_REPLICAS)]
    return [id for id in replicas if reading.points.is_one_list or id in reading.came_in_pages]


def _by_id(client: Client, id: str) -> Page[ReplicaRecord]:
    """A page with that replica; an empty one where it is gone."""
    replica = replica_by_id(client, id)
    found = [replica] if replica else []
    return Page(found, [], received=len(found), total=None, skip=0, naive_times=0)


def _absent(reading: Reading, listing: Listing, statement: LiteralString) -> list[tuple]:
    """What the statement selects of `absent`: of the rows that we hold and that did not come."""
    reading.know_what_was_recognised(listing)
    return stage.rows(ABSENT[listing.kind] + statement, {"server": reading.run.server_id})


ABSENT: dict[str, LiteralString] = {
    "replica": """
WITH absent AS (
    SELECT r.id, r.uuid FROM replica r
    WHERE r.server_id = %(server)s AND r.removed_at IS NULL
      AND NOT EXISTS (SELECT FROM staged_replica s WHERE s.uuid = r.uuid)
      AND NOT EXISTS (SELECT FROM known_replica k WHERE k.uuid = r.uuid)
)
""",
    "point": """
WITH absent AS (
    SELECT p.id, p.created_at, p.replica_id FROM restore_point p
    WHERE p.server_id = %(server)s AND p.removed_at IS NULL
      AND NOT EXISTS (SELECT FROM came_point c WHERE c.uuid = p.uuid)
      AND NOT EXISTS (SELECT FROM staged_point s WHERE s.uuid = p.uuid)
      AND NOT EXISTS (SELECT FROM known_point k WHERE k.uuid = p.uuid)
)
""",
}

IDS: LiteralString = "SELECT uuid::text FROM absent ORDER BY id"

MINUTES: LiteralString = """
SELECT min(created_at), max(created_at), count(*)
FROM absent GROUP BY date_trunc('minute', created_at) ORDER BY 1
"""
"""A month has fewer of them than a server may have points."""

NEWEST_OTHER: LiteralString = """
SELECT max(created_at) FROM restore_point
WHERE server_id = %(server)s AND removed_at IS NULL AND id NOT IN (SELECT id FROM absent)
"""
"""Retention drops it last."""

LISTED_REPLICAS: LiteralString = """
SELECT uuid::text FROM replica
WHERE id IN (SELECT replica_id FROM absent)
  AND uuid IN (SELECT uuid FROM staged_replica UNION ALL SELECT uuid FROM known_replica)
ORDER BY id
"""
"""The points of others went with them, and are not in question."""
