"""Points that are sorted by the names of what they belong to: where a page lies is reckoned, not walked to."""

from dataclasses import dataclass

from django.db.models import F, QuerySet, RowRange, Sum, Window

FAR = 50_000
"""Rows that Postgres walks over in about as much time as it takes to add up the points of all VMs."""
MOST_POINTS = 10_000
"""More than these are not read for the sake of a page."""


@dataclass(frozen=True)
class Owners:
    """VMs or replicas in the order of their names. Each of them has all its points in the list, and knows how many."""

    rows: QuerySet
    column: str
    """Of the points: whose they are."""
    is_descending: bool

    def leads_to(self, start: int, total: int | None) -> bool:
        """Where it is far from both ends of the list, as far as they are known."""
        return (start if total is None else min(start, total - start)) > FAR

    def keys(self, points: QuerySet, start: int, stop: int) -> list[int] | None:
        """The keys from `start` to `stop` of these sorted points.

        None where they have to be found otherwise: a single owner has too many points, or not as many as it says,
        since a sync has come in between.
        """
        owners = sorted(self._between(start, stop))
        if not owners:
            return []
        through, own, _ = owners[0]
        before, held = through - own, sum(points for _, points, _ in owners)
        if held > MOST_POINTS:
            return None
        keys = list(points.filter(**{f"{self.column}__in": [key for *_, key in owners]}).values_list("pk", flat=True))
        return keys[start - before : stop - before] if len(keys) == held else None

    def _between(self, start: int, stop: int) -> QuerySet:
        """(points up to its last one, its points, key) of the owners of these points."""
        order = [f"{'-' if self.is_descending else ''}{column}" for column in ("sort_key", "pk")]
        through = Window(Sum("point_count"), order_by=order, frame=RowRange(end=0))
        placed = self.rows.filter(point_count__gt=0).annotate(through=through)
        overlapping = placed.filter(through__gt=start, through__lt=F("point_count") + stop)
        return overlapping.order_by().values_list("through", "point_count", "pk")
