"""What a backup server does and did: sessions with their logs, jobs, task sessions. Fields: vbr-api.md, section 4."""

from datetime import datetime
from typing import NamedTuple

from replicas_app.vbr.records import fields
from replicas_app.vbr.records.fields import Row
from replicas_app.vbr.times import Clock


class SessionRecord(NamedTuple):
    id: str
    name: str
    type: str
    state: str
    """Ended means Stopped, whatever the end time says: see `is_ended`."""
    created_at: datetime | None
    ended_at: datetime | None
    """None when not set; servers spell that as a date in 1900, too."""
    progress: int | None
    """Per cent, 0 to 100."""
    result: str
    """None, Success, Warning, Failed; empty when absent. It counts only once the session is ended."""
    message: str
    is_cancelled: bool | None
    """A session that was stopped from outside may say False all the same."""
    initiated_by: str
    """Empty before 1.3-rev0."""
    job_id: str
    usn: int | None
    parent_id: str
    resource_id: str
    platform: str
    platform_id: str

    @classmethod
    def from_json(cls, row: Row, clock: Clock) -> "SessionRecord":
        """Raises ValueError, with the reason, for a record that cannot be used."""
        result = fields.part(row, "result")
        return cls(
            id=fields.identity(row, "id"),
            name=fields.text(row, "name"),
            type=fields.text(row, "sessionType"),
            state=fields.needed_text(row, "state"),
            created_at=fields.time(row, "creationTime", clock),
            ended_at=fields.time(row, "endTime", clock),
            progress=_per_cent(row),
            result=fields.text(result, "result"),
            message=fields.text(result, "message"),
            is_cancelled=fields.flag(result, "isCanceled"),
            initiated_by=fields.text(row, "initiatedBy"),
            job_id=fields.text(row, "jobId"),
            usn=fields.number(row, "usn"),
            parent_id=fields.text(row, "parentSessionId"),
            resource_id=fields.text(row, "resourceId"),
            platform=fields.text(row, "platformName"),
            platform_id=fields.text(row, "platformId"),
        )

    @property
    def is_ended(self) -> bool:
        return self.state.casefold() == "stopped"


class LogRecord(NamedTuple):
    id: int
    """Counts up within its session."""
    status: str
    """None, Succeeded, Warning, Failed."""
    title: str
    description: str
    started_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def from_json(cls, row: Row, clock: Clock) -> "LogRecord":
        """Raises ValueError, with the reason, for a record that cannot be used."""
        id = fields.number(row, "id")
        if id is None:
            raise ValueError("id is missing")
        return cls(
            id,
            fields.text(row, "status"),
            fields.text(row, "title"),
            fields.text(row, "description"),
            fields.time(row, "startTime", clock),
            fields.time(row, "updateTime", clock),
        )


class JobStateRecord(NamedTuple):
    id: str
    name: str
    type: str
    status: str
    """running, inactive, …: in lower case before 1.3-rev1, in PascalCase since."""
    last_result: str
    last_run_at: datetime | None
    next_run_at: datetime | None
    next_run_policy: str
    workload: str
    description: str
    objects_count: int | None
    progress: int | None
    session_id: str
    repository_id: str
    repository_name: str
    is_high_priority: bool | None

    @classmethod
    def from_json(cls, row: Row, clock: Clock) -> "JobStateRecord":
        """Raises ValueError, with the reason, for a record that cannot be used."""
        return cls(
            id=fields.identity(row, "id"),
            name=fields.needed_text(row, "name"),
            type=fields.text(row, "type"),
            status=fields.text(row, "status"),
            last_result=fields.text(row, "lastResult"),
            last_run_at=fields.time(row, "lastRun", clock),
            next_run_at=fields.time(row, "nextRun", clock),
            next_run_policy=fields.text(row, "nextRunPolicy"),
            workload=fields.text(row, "workload"),
            description=fields.text(row, "description"),
            objects_count=fields.number(row, "objectsCount"),
            progress=_per_cent(row),
            session_id=fields.text(row, "sessionId"),
            repository_id=fields.text(row, "repositoryId"),
            repository_name=fields.text(row, "repositoryName"),
            is_high_priority=fields.flag(row, "highPriority"),
        )


class TaskSessionRecord(NamedTuple):
    id: str
    name: str
    """The VM's name."""
    type: str
    session_id: str
    session_type: str
    state: str
    created_at: datetime | None
    ended_at: datetime | None
    result: str
    message: str
    progress: int | None
    point_id: str
    """The restore point that it made, where there is one."""
    usn: int | None

    @classmethod
    def from_json(cls, row: Row, clock: Clock) -> "TaskSessionRecord":
        """Raises ValueError, with the reason, for a record that cannot be used."""
        result = fields.part(row, "result")
        return cls(
            id=fields.identity(row, "id"),
            name=fields.text(row, "name"),
            type=fields.text(row, "type"),
            session_id=fields.identity(row, "sessionId"),
            session_type=fields.text(row, "sessionType"),
            state=fields.text(row, "state"),
            created_at=fields.time(row, "creationTime", clock),
            ended_at=fields.time(row, "endTime", clock),
            result=fields.text(result, "result"),
            message=fields.text(result, "message"),
            progress=_per_cent(fields.part(row, "progress")),
            point_id=fields.text(row, "replicaPointId"),
            usn=fields.number(row, "usn"),
        )


def _per_cent(row: Row) -> int | None:
    percent = fields.number(row, "progressPercent")
    return None if percent is None else max(0, min(percent, 100))
