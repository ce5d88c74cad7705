"""What a page offers for a replica: a rescan, a wait after the last one, or the way to the one that has it."""

from datetime import datetime

from django.db.models import OuterRef, Subquery

from replicas_app.models import RescanReplica
from replicas_app.models.inventory import ReplicaQuerySet


def with_acts(replicas: ReplicaQuerySet, now: datetime) -> ReplicaQuerySet:
    """With `open_rescan_id`; and, where the replica is left alone for a while, since when and after whose rescan.

    The latter two are `rested_at` and `rested_by`, read from an index for each row.
    """
    newest = RescanReplica.objects.resting(now).filter(replica=OuterRef("pk")).order_by("-ended_well_at")
    return replicas.with_open_rescan().annotate(
        rested_at=Subquery(newest.values("ended_well_at")[:1]),
        rested_by=Subquery(newest.values("rescan__asked_by__username")[:1]),
    )
