"""Jobs and what they did per VM: optional knowledge, joined by id where it is there."""

from collections.abc import Iterator
from datetime import datetime

from replicas_app.vbr.client.calls import Calls
from replicas_app.vbr.listings import PAGE_SIZE, Page
from replicas_app.vbr.pace import Pace
from replicas_app.vbr.records import JobStateRecord, TaskSessionRecord


class JobCalls(Calls):
    def job_states(
        self,
        *,
        id: str | None = None,
        name: str | None = None,
        type: str | None = None,
        last_result: str | None = None,
        status: str | None = None,
        workload: str | None = None,
        last_run_after: datetime | None = None,
        last_run_before: datetime | None = None,
        is_high_priority: bool | None = None,
        repository_id: str | None = None,
        objects_count: int | None = None,
        after_job_id: str | None = None,
        after_job_name: str | None = None,
        order: str = "Name",
        ascending: bool = True,
        skip: int = 0,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Page[JobStateRecord]]:
        """The jobs that the API knows: those of Hyper-V replicas and CDP policies are not among them."""
        query = {
            "idFilter": id,
            "nameFilter": name,
            "typeFilter": type,
            "lastResultFilter": last_result,
            "statusFilter": status,
            "workloadFilter": workload,
            "lastRunAfterFilter": last_run_after,
            "lastRunBeforeFilter": last_run_before,
            "isHighPriorityJobFilter": is_high_priority,
            "repositoryIdFilter": repository_id,
            "objectsCountFilter": objects_count,
            "afterJobIdFilter": after_job_id,
            "afterJobNameFilter": after_job_name,
            "orderColumn": order,
            "orderAsc": ascending,
        }
        return self._pages("/api/v1/jobs/states", query, JobStateRecord.from_json, skip, Pace(page_size))

    def task_sessions(
        self,
        *,
        name: str | None = None,
        type: str | None = "Replica",
        session_type: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        ended_after: datetime | None = None,
        ended_before: datetime | None = None,
        state: str | None = None,
        result: str | None = None,
        scan_type: str | None = None,
        scan_result: str | None = None,
        scan_state: str | None = None,
        session_id: str | None = None,
        order: str = "CreationTime",
        ascending: bool = True,
        skip: int = 0,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Page[TaskSessionRecord]]:
        """What a job did with each VM. `type`: Replica unless another (or None: all of them) is wanted."""
        query = {
            "nameFilter": name,
            "typeFilter": type,
            "sessionTypeFilter": session_type,
            "createdAfterFilter": created_after,
            "createdBeforeFilter": created_before,
            "endedAfterFilter": ended_after,
            "endedBeforeFilter": ended_before,
            "stateFilter": state,
            "resultFilter": result,
            "scanTypeFilter": scan_type,
            "scanResultFilter": scan_result,
            "scanStateFilter": scan_state,
            "sessionIdFilter": session_id,
            "orderColumn": order,
            "orderAsc": ascending,
        }
        return self._pages("/api/v1/taskSessions", query, TaskSessionRecord.from_json, skip, Pace(page_size))
