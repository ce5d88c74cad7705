"""Filters of query strings, and what they find."""

from datetime import UTC, datetime

from django.http import QueryDict

from replicas_app.filters import PointFilters, ReplicaFilters
from replicas_app.filters.answers import Answer
from replicas_app.models import BackupServer, Replica, RestorePoint

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def replica_filters(query: str) -> ReplicaFilters:
    return ReplicaFilters(QueryDict(query), path="/replicas/", servers=BackupServer.objects.by_name())


def point_filters(query: str) -> PointFilters:
    return PointFilters(QueryDict(query), path="/restore-points/", servers=BackupServer.objects.by_name())


def replicas_of(query: str) -> list[str]:
    filters = replica_filters(query)
    return [replica.name for replica in filters.sorted(filters.apply(Replica.objects.all()))]


def vms_of(query: str) -> list[str]:
    filters = point_filters(query)
    points = filters.sorted(filters.apply(RestorePoint.objects.all()))
    return [point.vm.name for point in points.select_related("vm")]


def complaints_of(query: str) -> dict[str, str]:
    return {complaint.name: complaint.words for complaint in replica_filters(query).complaints}


def answer_of(query: str) -> Answer:
    return Answer(replica_filters(query), Replica.objects.all(), "replica", NOON)


def counts_of(query: str, name: str) -> dict[str, int | None]:
    facets = {facet.name: facet for facet in answer_of(query).facets}
    return {choice.value: choice.count for choice in facets[name].choices} if name in facets else {}
