"""Where to look for the points that retention dropped: a VM that has a new point may have lost its oldest one for it.

Guessed from what is staged, and believed only when the server lists others of that time and not these: a server that
takes the times of its filters for other ones lists nothing of that time, and proves nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import LiteralString, NamedTuple

from replicas_app.sync import stage
from replicas_app.vbr import Client, Pace, Page


class Span(NamedTuple):
    begin: datetime
    end: datetime
    """Both included."""


MARGIN = timedelta(seconds=1)
"""So much more is asked for on both sides: whether the ends of a filter count is not documented."""
MOST_SPANS = 8
APART = timedelta(minutes=5)
"""Points of VMs that run at the same times are of the same age; what lies farther apart is another span."""
AT_MOST_THE = 4
"""A look is worth it where it brings at most this part of all points: a real server took 104 s to list 12,709 points,
and 6 s for those of a short time."""


def spans(server_id: int) -> list[Span]:
    """Spans of time that hold the points which may be gone; none where there are no such points, or too many others."""
    return spans_of(server_id, [moment for (moment,) in stage.rows(OLDEST, [server_id])])


def spans_of(server_id: int, moments: list[datetime], *, gone: int = 0) -> list[Span]:
    """Spans that hold these moments, which come in their order; none where they hold too many points.

    `gone`: so many of those that we hold did not come, which may all be at these moments.
    """
    if not (found := _spans(moments)):
        return []
    begins, ends = zip(*found, strict=True)
    [(inside, held)] = stage.rows(INSIDE, [server_id, list(begins), list(ends)])
    return found if (inside - gone) * AT_MOST_THE <= held - gone else []


def _spans(moments: list[datetime]) -> list[Span]:
    """Of moments in their order."""
    gaps = [place for place, (one, next) in enumerate(pairwise(moments), 1) if next - one > APART]
    widest = sorted(gaps, key=lambda place: moments[place] - moments[place - 1])[1 - MOST_SPANS :]
    edges = [0, *sorted(widest), len(moments)]
    return [Span(moments[begin], moments[end - 1]) for begin, end in pairwise(edges) if begin < end]


def listed(client: Client, span: Span, pace: Pace) -> Iterator[Page]:
    """What the server lists of this time."""
    around = {"created_after": span.begin - MARGIN, "created_before": span.end + MARGIN}
    return client.points(**around, pace=pace, first=pace.largest)


def with_witnesses(server_id: int, span: Span) -> Span:
    """The span and the points before and after it, which should be there if those in it are gone."""
    [(before, after)] = stage.rows(BESIDE, [server_id, span.begin, server_id, span.end])
    return Span(before or span.begin, after or span.end)


def has_come(server_id: int, span: Span) -> bool:
    """Whether a point came that we hold as created in this time."""
    return stage.rows(HAS_COME, [server_id, *span])[0][0]


OLDEST: LiteralString = """
WITH grown AS (
    SELECT v.id, count(DISTINCT s.uuid) AS points
    FROM staged_point s
    JOIN replica r ON r.server_id = %s AND r.uuid = s.replica_uuid
    JOIN replica_vm v ON v.replica_id = r.id AND v.name = s.name
    GROUP BY v.id
)
SELECT oldest.created_at
FROM grown CROSS JOIN LATERAL (
    SELECT p.created_at, p.uuid FROM restore_point p
    WHERE p.vm_id = grown.id AND p.removed_at IS NULL ORDER BY p.created_at, p.id LIMIT grown.points
) AS oldest
WHERE oldest.uuid NOT IN (SELECT uuid FROM gone_point)
ORDER BY oldest.created_at
"""
"""Those of which it is known already that they are gone need no look."""

BESIDE: LiteralString = """
SELECT (SELECT max(created_at) FROM restore_point WHERE server_id = %s AND created_at < %s AND removed_at IS NULL),
       (SELECT min(created_at) FROM restore_point WHERE server_id = %s AND created_at > %s AND removed_at IS NULL)
"""

HAS_COME: LiteralString = """
SELECT EXISTS (
    SELECT FROM restore_point
    WHERE server_id = %s AND created_at BETWEEN %s AND %s AND removed_at IS NULL
      AND uuid IN (SELECT uuid FROM came_point)
)
"""

INSIDE: LiteralString = """
WITH present AS MATERIALIZED (
    SELECT created_at FROM restore_point WHERE server_id = %s AND removed_at IS NULL
)
SELECT (
    SELECT count(*) FROM present
    JOIN unnest(%s::timestamptz[], %s::timestamptz[]) AS span (begin, "end") ON created_at BETWEEN begin AND "end"
), (SELECT count(*) FROM present)
"""
