"""Sessions: what runs and ran on the server."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from replicas_app.vbr.client.calls import Calls, path_of
from replicas_app.vbr.listings import PAGE_SIZE, Page, log_page
from replicas_app.vbr.pace import Pace
from replicas_app.vbr.queries import query_of
from replicas_app.vbr.records import LogRecord, SessionRecord
from replicas_app.vbr.revisions import takes_several


class SessionCalls(Calls):
    def sessions(
        self,
        *,
        name: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        ended_after: datetime | None = None,
        ended_before: datetime | None = None,
        types: Sequence[str] = (),
        state: str | None = None,
        results: Sequence[str] = (),
        job_id: str | None = None,
        order: str = "CreationTime",
        ascending: bool = True,
        skip: int = 0,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Page[SessionRecord]]:
        """`order`: Name, SessionType, CreationTime, EndTime, State, Result, InitiatedBy.

        1.2-rev1 takes one type and one result: ValueError for more.
        """
        self._connection.negotiate()
        if not takes_several(self._connection.api_version) and max(len(types), len(results)) > 1:
            raise ValueError(f"{self._connection.api_version} filters sessions by one type and one result at a time")
        query = {
            "nameFilter": name,
            "createdAfterFilter": created_after,
            "createdBeforeFilter": created_before,
            "endedAfterFilter": ended_after,
            "endedBeforeFilter": ended_before,
            "typeFilter": types,
            "stateFilter": state,
            "resultFilter": results,
            "jobIdFilter": job_id,
            "orderColumn": order,
            "orderAsc": ascending,
        }
        return self._pages("/api/v1/sessions", query, SessionRecord.from_json, skip, Pace(page_size))

    def session(self, id: str) -> SessionRecord:
        return self._one(path_of("/api/v1/sessions", id), SessionRecord.from_json)

    def session_logs(self, id: str, *, status: str | None = None) -> Page[LogRecord]:
        """The log comes whole. `status`: None, Succeeded, Warning, Failed."""
        path = path_of("/api/v1/sessions", id, "logs")
        return log_page(self._connection.get(path, query_of({"statusFilter": status})), LogRecord.from_json)

    def stop_session(self, id: str) -> None:
        """Raises Unclear where it may have been stopped."""
        self._connection.post(path_of("/api/v1/sessions", id, "stop"))
