"""The operations of the contract, one function each."""

from ..accounts import Right
from . import activity, inventory, server
from .call import Call, Operation

__all__ = ["OPERATIONS", "Call", "Operation"]

OPERATIONS = (
    Operation("POST", "/api/oauth2/token", Right.NOTHING, server.create_token),
    Operation("POST", "/api/oauth2/logout", Right.LOGIN, server.logout),
    Operation("GET", "/api/v1/serverInfo", Right.SERVER_INFO, server.server_info),
    Operation("GET", "/api/v1/serverTime", Right.NOTHING, server.server_time),
    Operation("GET", "/api/v1/replicas", Right.REPLICAS, inventory.replicas),
    Operation("POST", "/api/v1/replicas/rescan", Right.RESCAN, inventory.rescan),
    Operation("GET", "/api/v1/replicas/{id}", Right.REPLICAS, inventory.replica),
    Operation("GET", "/api/v1/replicas/{id}/replicaPoints", Right.REPLICAS, inventory.replica_points),
    Operation("GET", "/api/v1/replicas/{replicaId}/replicaPoints/{id}", Right.REPLICAS, inventory.replica_point),
    Operation("GET", "/api/v1/replicaPoints", Right.REPLICAS, inventory.all_points),
    Operation("GET", "/api/v1/replicaPoints/{id}", Right.REPLICAS, inventory.point),
    Operation("GET", "/api/v1/sessions", Right.SESSIONS, activity.sessions),
    Operation("GET", "/api/v1/sessions/{id}", Right.SESSIONS, activity.session),
    Operation("GET", "/api/v1/sessions/{id}/logs", Right.SESSIONS, activity.session_logs),
    Operation("POST", "/api/v1/sessions/{id}/stop", Right.STOP, activity.stop_session),
    Operation("GET", "/api/v1/jobs/states", Right.JOBS, activity.job_states),
    Operation("GET", "/api/v1/taskSessions", Right.SESSIONS, activity.task_sessions),
)
