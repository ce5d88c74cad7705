"""Restore points: of the whole server in one list, or of one replica."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from replicas_app.vbr.client.calls import Calls, path_of
from replicas_app.vbr.listings import PAGE_SIZE, Known, Page
from replicas_app.vbr.pace import Pace
from replicas_app.vbr.queries import Value
from replicas_app.vbr.records import PointRecord


class PointCalls(Calls):
    def points(
        self,
        *,
        name: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        platform: str | None = None,
        platform_id: str | None = None,
        replica_id: str | None = None,
        malware_status: str | None = None,
        order: str = "CreationTime",
        ascending: bool = True,
        skip: int = 0,
        pace: Pace | None = None,
        page_size: int = PAGE_SIZE,
        first: int | None = None,
        known: Known | None = None,
    ) -> Iterator[Page[PointRecord]]:
        """All points of the server. Old servers have no such list: Rejected("gone").

        `order`: CreationTime, PlatformId, ReplicaId, Name. Without a `pace`, pages have at most `page_size` rows. The
        first page is `first` rows long where that is given.
        `known` (skip, digest) says of which pages no records need be made.
        """
        query = {
            "nameFilter": name,
            "createdAfterFilter": created_after,
            "createdBeforeFilter": created_before,
            "platformNameFilter": platform,
            "platformIdFilter": platform_id,
            "replicaIdFilter": replica_id,
            "malwareStatusFilter": malware_status,
            "orderColumn": order,
            "orderAsc": ascending,
        }
        return self._pages_of_points("/api/v1/replicaPoints", query, skip, pace or Pace(page_size), known, first)

    def count_points(self, *, created_after: datetime | None = None, malware_status: str | None = None) -> int | None:
        """How many points the server has, by asking for a single one; None where it does not say.

        Raises Rejected("gone") where there is no list of all points.
        """
        page = next(iter(self.points(created_after=created_after, malware_status=malware_status, page_size=1)))
        return page.total

    def point(self, id: str) -> PointRecord:
        return self._one(path_of("/api/v1/replicaPoints", id), PointRecord.from_json)

    def replica_points(
        self,
        replica_id: str,
        *,
        name: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        platform: str | None = None,
        platform_id: str | None = None,
        replica_id_filter: str | None = None,
        order: str = "CreationTime",
        ascending: bool = True,
        skip: int = 0,
        pace: Pace | None = None,
        page_size: int = PAGE_SIZE,
        known: Known | None = None,
    ) -> Iterator[Page[PointRecord]]:
        """The points of one replica; this list cannot be filtered by malware status."""
        query = {
            "nameFilter": name,
            "createdAfterFilter": created_after,
            "createdBeforeFilter": created_before,
            "platformNameFilter": platform,
            "platformIdFilter": platform_id,
            "replicaIdFilter": replica_id_filter,
            "orderColumn": order,
            "orderAsc": ascending,
        }
        path = path_of("/api/v1/replicas", replica_id, "replicaPoints")
        return self._pages_of_points(path, query, skip, pace or Pace(page_size), known)

    def replica_point(self, replica_id: str, id: str) -> PointRecord:
        path = path_of("/api/v1/replicas", replica_id, "replicaPoints", id)
        return self._one(path, PointRecord.from_json)

    def _pages_of_points(
        self,
        path: str,
        query: Mapping[str, Value],
        skip: int,
        pace: Pace,
        known: Known | None,
        first: int | None = None,
    ) -> Iterator[Page[PointRecord]]:
        return self._pages(path, query, PointRecord.from_json, skip, pace, known, PointRecord.all_from_json, first)
