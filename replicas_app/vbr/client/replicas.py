"""Replicas, and their rescan."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from replicas_app.vbr.client.calls import Calls, path_of, read
from replicas_app.vbr.errors import Malformed, Unclear
from replicas_app.vbr.listings import PAGE_SIZE, Known, Page
from replicas_app.vbr.pace import Pace
from replicas_app.vbr.records import ReplicaRecord, SessionRecord
from replicas_app.vbr.revisions import policy_filter


class ReplicaCalls(Calls):
    def replicas(
        self,
        *,
        name: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        platform_id: str | None = None,
        job_id: str | None = None,
        policy: str | None = None,
        state: str | None = None,
        order: str = "Name",
        ascending: bool = True,
        skip: int = 0,
        pace: Pace | None = None,
        page_size: int = PAGE_SIZE,
        known: Known | None = None,
    ) -> Iterator[Page[ReplicaRecord]]:
        """`name` is matched against any parameter of a replica; `*` at its beginning, its end or both.

        `order`: Name, CreationTime, PlatformId, JobId, PolicyTag, State. `pace`, `page_size`, `known`: see `points`.
        """
        self._connection.negotiate()
        query = {
            "nameFilter": name,
            "createdAfterFilter": created_after,
            "createdBeforeFilter": created_before,
            "platformIdFilter": platform_id,
            "jobIdFilter": job_id,
            policy_filter(self._connection.api_version): policy,
            "stateFilter": state,
            "orderColumn": order,
            "orderAsc": ascending,
        }
        return self._pages("/api/v1/replicas", query, ReplicaRecord.from_json, skip, pace or Pace(page_size), known)

    def replica(self, id: str) -> ReplicaRecord:
        return self._one(path_of("/api/v1/replicas", id), ReplicaRecord.from_json)

    def rescan(self, ids: Sequence[str]) -> SessionRecord:
        """Starts one session that rescans these replicas, at least one. Raises Unclear where it may have started."""
        if not ids:
            raise ValueError("what a rescan of no replica does is not known: name at least one")
        answer = self._connection.post("/api/v1/replicas/rescan", {"replicaIds": list(ids)})
        try:
            return read(answer.json(), SessionRecord.from_json)
        except Malformed as error:
            raise Unclear(error.cause, error.detail, status=answer.status) from None
