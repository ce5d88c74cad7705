"""Typed records of what servers answer. Unknown fields are ignored, unknown states kept as text."""

from replicas_app.vbr.records.activity import JobStateRecord, LogRecord, SessionRecord, TaskSessionRecord
from replicas_app.vbr.records.inventory import PointRecord, ReplicaRecord
from replicas_app.vbr.records.server import ServerInfo, ServerTime

__all__ = [
    "JobStateRecord",
    "LogRecord",
    "PointRecord",
    "ReplicaRecord",
    "ServerInfo",
    "ServerTime",
    "SessionRecord",
    "TaskSessionRecord",
]
