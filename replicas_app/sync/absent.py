"""Points that a sweep did not meet are asked for once more, by their times, before they count as gone.

While a list is read page by page, a point that goes from its beginning moves all others up by one, and nobody meets the
one that moves across the end of a page. Where another point comes at the end of the list meanwhile, as many came as
were announced, and nothing else tells.
"""

from replicas_app.sync import dropped, stage
from replicas_app.sync.read import Reading
from replicas_app.vbr import Client


def look_again(reading: Reading, client: Client) -> None:
    """Stage, after a sweep, what comes now."""
    listing, server_id = reading.points, reading.run.server_id
    if listing.is_direct or not (listing.is_whole and listing.is_one_list) or reading.is_as_held(listing):
        return
    reading.know_what_was_recognised(listing)
    for span in dropped.spans_of(server_id, stage.absent_since(server_id)):
        reading.meet(dropped.listed(client, span, reading.pace))
