"""What we hold and a whole list left out is asked for once more before it counts as gone.

While a list is read page by page, a row that goes moves all behind it up by one, and nobody meets the one that moves
across the end of a page. Where another row comes at the end of the list meanwhile, as many came as were announced, and
nothing else tells. Until the answers are there, the list counts as one that did not come whole.
"""

from typing import LiteralString

from django.db import connection

from replicas_app.sync import dropped
from replicas_app.sync.doubts import is_a_drop
from replicas_app.sync.read import Listing, Reading, replica_by_id
from replicas_app.vbr import Client, Page, ReplicaRecord

FEW = 20
"""So many replicas are asked for one by one: that is quick, however long the list is. For more of them it is read once
more, since a page of it is one request, too, and brings up to 10,000."""


def look_again_at_replicas(reading: Reading, client: Client) -> None:
    """Stage what is there after all. Whether a list that dropped to nearly nothing is true is for a person to say."""
    listing = reading.replicas
    if not _may_lack_some(reading, listing) or is_a_drop(listing.rows, reading.held(listing)):
        return
    if ids := _absent(reading, listing, IDS_OF_REPLICAS):
        listing.was_received = False
        one_by_one = (_by_id(client, id) for id in ids)
        pages = one_by_one if len(ids) <= FEW else client.replicas(pace=reading.pace)
        listing.was_received = reading.meet(listing, pages)


def look_again_at_points(reading: Reading, client: Client) -> None:
    """Stage, after a sweep, what is there after all: asked for by the times of what did not come.

    How many the server says that there are of these times is not asked: it may count without its filter.
    """
    listing = reading.points
    if listing.is_direct or not listing.is_one_list or not _may_lack_some(reading, listing):
        return
    listing.was_received = False
    for span in dropped.spans_of(reading.run.server_id, _absent(reading, listing, TIMES_OF_POINTS)):
        reading.meet(listing, dropped.listed(client, span, reading.pace))
    listing.was_received = True


def _may_lack_some(reading: Reading, listing: Listing) -> bool:
    return listing.is_whole and not reading.is_as_held(listing)


def _by_id(client: Client, id: str) -> Page[ReplicaRecord]:
    """A page with that replica; an empty one where it is gone."""
    replica = replica_by_id(client, id)
    found = [replica] if replica else []
    return Page(found, [], received=len(found), total=None, skip=0, naive_times=0)


def _absent(reading: Reading, listing: Listing, statement: LiteralString) -> list:
    """Of what we hold and did not come."""
    reading.know_what_was_recognised(listing)
    with connection.cursor() as cursor:
        cursor.execute(statement, [reading.run.server_id])
        return [value for (value,) in cursor.fetchall()]


IDS_OF_REPLICAS: LiteralString = """
SELECT uuid::text FROM replica r
WHERE server_id = %s AND removed_at IS NULL
  AND NOT EXISTS (SELECT FROM staged_replica s WHERE s.uuid = r.uuid)
  AND NOT EXISTS (SELECT FROM known_replica k WHERE k.uuid = r.uuid)
ORDER BY id
"""

TIMES_OF_POINTS: LiteralString = """
SELECT created_at FROM restore_point p
WHERE server_id = %s AND removed_at IS NULL
  AND NOT EXISTS (SELECT FROM came_point c WHERE c.uuid = p.uuid)
  AND NOT EXISTS (SELECT FROM staged_point s WHERE s.uuid = p.uuid)
  AND NOT EXISTS (SELECT FROM known_point k WHERE k.uuid = p.uuid)
ORDER BY created_at
"""
