"""The operations of the contract, one function each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

from . import lists, words
from .accounts import Grant, Right, User
from .backend import Backend
from .clock import SECOND, time_text, zone_of
from .errors import ApiError, malformed, not_found
from .exchange import Answer, Request, encoded
from .listing import Listing, page
from .points_query import select_points
from .query import Parser, uuid_text
from .rescans import wanted_ids
from .revisions import Record, Revision
from .world.points import PointTable

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has passed version, path, login and role."""

    request: Request
    backend: Backend
    revision: Revision
    user: User | None
    token: str
    ids: dict[str, str]

    @property
    def parser(self) -> Parser:
        return Parser(self.request.query, self.revision, self.backend.clock)

    def id(self, name: str = "id") -> str:
        return uuid_text(self.ids[name], name)


def create_token(call: Call) -> Answer:
    form = _form(call.request)
    now = call.backend.clock.now()
    grant_type = form.get("grant_type", "").lower()
    if grant_type == "password" and "username" in form and "password" in form:
        grant = call.backend.accounts.sign_in(form["username"], form["password"], call.revision, now)
    elif grant_type == "refresh_token" and "refresh_token" in form:
        grant = call.backend.accounts.renew(form["refresh_token"], now)
    else:
        raise malformed("The grant type is not supported, or what it needs is absent.")
    return _json(_token(grant))


def logout(call: Call) -> Answer:
    call.backend.accounts.sign_out(call.token)
    return _json({})


def server_time(call: Call) -> Answer:
    clock = call.backend.clock
    found = {"serverTime": clock.text(clock.now()), "timeZone": str(clock.zone), "ianaTimeZoneId": "Etc/UTC"}
    return _json(call.revision.server_time(found))


def server_info(call: Call) -> Answer:
    manners = call.backend.manners
    found = {
        "platform": "Windows",
        "vbrId": call.backend.server_id,
        "name": manners.name,
        "buildVersion": call.backend.newest().build,
        "patches": [],
        "databaseVendor": "PostgreSQL",
        "sqlServerEdition": "",
        "sqlServerVersion": "PostgreSQL 15.12",
        "databaseSchemaVersion": "10085",
        "databaseContentVersion": "10085",
        "veeamRegistration": {"isRegistered": False},
    }
    return _json(call.revision.server_info(found))


def replicas(call: Call) -> Answer:
    view = call.backend.world.view()
    return _list(call, lists.REPLICAS, view.replicas, call.revision.replica, view.version)


def replica(call: Call) -> Answer:
    return _json(call.revision.replica(_replica(call, call.id())))


def replica_points(call: Call) -> Answer:
    replica_id = call.id()
    _replica(call, replica_id)
    return _points(call, replica_id)


def replica_point(call: Call) -> Answer:
    replica_id, point_id = call.id("replicaId"), call.id()
    _replica(call, replica_id)
    point = _point(call, point_id)
    if point.get("replicaId") != replica_id:
        raise not_found("Restore point", point_id)
    return _json(call.revision.point(point))


def all_points(call: Call) -> Answer:
    return _points(call, None)


def point(call: Call) -> Answer:
    return _json(call.revision.point(_point(call, call.id())))


def rescan(call: Call) -> Answer:
    """Starts a session. What an absent or empty list does is a choice (`empty_rescan`): refuse, or rescan all."""
    given = wanted_ids(_body(call.request))
    known = {record["id"]: record for record in call.backend.world.view().replicas}
    if not given and call.backend.manners.empty_rescan == "refuse":
        raise malformed("The replicaIds field must name at least one replica.")
    ids = list(dict.fromkeys(uuid_text(id, "replicaIds") for id in given)) if given else list(known)
    if unknown := [id for id in ids if id not in known]:
        raise ApiError(400, "NotFound", f"Replica with ID {unknown[0]} was not found.", resource_id=unknown[0])
    names = [str(known[id].get("name", "")) for id in ids]
    started = call.backend.rescans.start(ids, names, call.user.name if call.user else "")
    record = call.backend.rescans.record(started, started.started)
    return _json(call.revision.session(record), status=201)


def sessions(call: Call) -> Answer:
    now = call.backend.clock.now()
    records = call.backend.history.all()
    records += [call.backend.rescans.record(one, now) for one in call.backend.rescans.all()]
    if not call.parser.has("orderColumn"):
        records.sort(key=lambda record: record["usn"], reverse=True)
    return _list(call, lists.SESSIONS, records, call.revision.session, None)


def session(call: Call) -> Answer:
    return _json(call.revision.session(_session(call)))


def session_logs(call: Call) -> Answer:
    found = _log(call, call.id())
    if call.revision.place and call.parser.has("statusFilter"):
        status = call.parser.word("statusFilter", call.revision.known(words.LOG_STATUSES))
        found = [record for record in found if record["status"] == status]
    return _json({"totalRecords": len(found), "records": found})


def stop_session(call: Call) -> Answer:
    """Also 200 for one that has ended: it stays as it is."""
    _session(call)
    if started := call.backend.rescans.get(call.id()):
        call.backend.rescans.stop(started)
    else:
        call.backend.history.stop(call.id())
    return _json({})


def job_states(call: Call) -> Answer:
    return _list(call, lists.JOBS, call.backend.jobs.all(), call.revision.job, None)


def task_sessions(call: Call) -> Answer:
    return _list(call, lists.TASKS, call.backend.history.tasks(), call.revision.task, None)


def _list(
    call: Call, listing: Listing, records: Sequence[Record], wire: Callable[[Record], Record], version: Any
) -> Answer:
    def make() -> Sequence[Record]:
        return listing.select([wire(record) for record in records], call.parser)

    return _paged(call, make, lambda record: record, version)


def _points(call: Call, replica_id: str | None) -> Answer:
    view = call.backend.world.view()
    wire = call.revision.point
    as_is = not isinstance(view.points, PointTable)

    def make() -> Sequence[Record]:
        return select_points(view.points, call.parser, wire, replica_id)

    return _paged(call, make, (lambda record: record) if as_is else wire, view.version)


def _paged(call: Call, make: Callable[[], Sequence[Record]], wire: Callable[[Record], Record], version: Any) -> Answer:
    """One page. With a version, what was worked out is kept for the next page, and the page for the next reader."""
    pages = call.backend.pages
    paging = call.parser.paging(call.backend.manners.max_limit)
    key = None if version is None else (call.request.path, version, call.revision.place, _asked(call.request))
    body = pages.body(key and (key, paging), lambda: page(pages.selection(key, make), paging, wire))
    return Answer(body=body)


def _asked(request: Request) -> tuple[Any, ...]:
    paging = {"skip", "limit"}
    return tuple(sorted((name, tuple(values)) for name, values in request.query.items() if name not in paging))


def _replica(call: Call, id: str) -> Record:
    for record in call.backend.world.view().replicas:
        if record.get("id") == id:
            return record
    raise not_found("Replica", id)


def _point(call: Call, id: str) -> Record:
    points = call.backend.world.view().points
    if isinstance(points, PointTable):
        found = points.by_id(id)
    else:
        found = next((record for record in points if record.get("id") == id), None)
    if found is None:
        raise not_found("Restore point", id)
    return found


def _session(call: Call) -> Record:
    id = call.id()
    if started := call.backend.rescans.get(id):
        return call.backend.rescans.record(started, call.backend.clock.now())
    if found := call.backend.history.get(id):
        return found
    raise not_found("Session", id)


def _log(call: Call, id: str) -> list[Record]:
    if started := call.backend.rescans.get(id):
        return call.backend.rescans.log(started, call.backend.clock.now())
    return call.backend.history.log(_session(call))


def _token(grant: Grant) -> Record:
    """The two times come without an offset, in UTC."""
    utc = zone_of("+00:00")
    return {
        "access_token": grant.access,
        "token_type": "bearer",
        "refresh_token": grant.refresh,
        "expires_in": (grant.expires - grant.issued) // SECOND,
        ".issued": time_text(grant.issued, utc).removesuffix("+00:00"),
        ".expires": time_text(grant.expires, utc).removesuffix("+00:00"),
    }


def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise malformed(f"The content type must be {_FORM}.")
    try:
        fields = parse_qs(request.body.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise malformed("The form is not encoded as it should be.") from None
    return {name: values[0] for name, values in fields.items()}


def _body(request: Request) -> Any:
    if not request.body.strip():
        return {}
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise malformed("The request body is not valid JSON.") from None


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status=status, body=encoded(value))


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is a template as in the contract."""

    method: str
    path: str
    right: Right
    run: Callable[[Call], Answer]


OPERATIONS = (
    Operation("POST", "/api/oauth2/token", Right.NOTHING, create_token),
    Operation("POST", "/api/oauth2/logout", Right.LOGIN, logout),
    Operation("GET", "/api/v1/serverInfo", Right.SERVER_INFO, server_info),
    Operation("GET", "/api/v1/serverTime", Right.NOTHING, server_time),
    Operation("GET", "/api/v1/replicas", Right.REPLICAS, replicas),
    Operation("POST", "/api/v1/replicas/rescan", Right.RESCAN, rescan),
    Operation("GET", "/api/v1/replicas/{id}", Right.REPLICAS, replica),
    Operation("GET", "/api/v1/replicas/{id}/replicaPoints", Right.REPLICAS, replica_points),
    Operation("GET", "/api/v1/replicas/{replicaId}/replicaPoints/{id}", Right.REPLICAS, replica_point),
    Operation("GET", "/api/v1/replicaPoints", Right.REPLICAS, all_points),
    Operation("GET", "/api/v1/replicaPoints/{id}", Right.REPLICAS, point),
    Operation("GET", "/api/v1/sessions", Right.SESSIONS, sessions),
    Operation("GET", "/api/v1/sessions/{id}", Right.SESSIONS, session),
    Operation("GET", "/api/v1/sessions/{id}/logs", Right.SESSIONS, session_logs),
    Operation("POST", "/api/v1/sessions/{id}/stop", Right.STOP, stop_session),
    Operation("GET", "/api/v1/jobs/states", Right.JOBS, job_states),
    Operation("GET", "/api/v1/taskSessions", Right.SESSIONS, task_sessions),
)
