"""Four refusals of a login that look alike from afar and want four different things of a person."""

_DENIED = {"errorCode": "AccessDenied", "message": "No authorization: these user credentials are not valid."}
_RULES = (
    {"action": "html", "status": 403},
    {"action": "status", "status": 401, "body": _DENIED},
    {"action": "status", "status": 403, "body": _DENIED},
    {"action": "status", "status": 500, "body": {"message": "authentication failed for svc@internal"}},
)
FOUR_REFUSALS = tuple({"path": "oauth2/token$", **rule} for rule in _RULES)
"""Rules of the simulator; their causes: between, login, role, server."""
