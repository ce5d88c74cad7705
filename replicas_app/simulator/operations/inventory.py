"""Replicas, their restore points, and rescans of them."""

from collections.abc import Sequence
from typing import Any

from ..errors import ApiError, malformed, not_found
from ..exchange import Answer
from ..listing import PointSearch, lists, uuid_text
from ..revisions import Record
from ..world.points import PointTable
from .call import Call, as_json, as_list, as_page


def replicas(call: Call) -> Answer:
    view = call.backend.world.view()
    return as_list(call, lists.REPLICAS, lambda: view.replicas, call.revision.replica, view.version)


def replica(call: Call) -> Answer:
    return as_json(call.revision.replica(_replica(call, call.id())))


def replica_points(call: Call) -> Answer:
    replica_id = call.id()
    _replica(call, replica_id)
    return _points(call, replica_id)


def replica_point(call: Call) -> Answer:
    replica_id, point_id = call.id("replicaId"), call.id()
    _replica(call, replica_id)
    found = _point(call, point_id)
    if found.get("replicaId") != replica_id:
        raise not_found("Restore point", point_id)
    return as_json(call.revision.point(found))


def all_points(call: Call) -> Answer:
    return _points(call, None)


def point(call: Call) -> Answer:
    return as_json(call.revision.point(_point(call, call.id())))


def rescan(call: Call) -> Answer:
    """Starts a session. What an absent or empty list does is a choice (`empty_rescan`): refuse, or rescan all."""
    given = _wanted_ids(call.json_body())
    known = {record.get("id"): record for record in call.backend.world.view().replicas}
    if not given and call.backend.manners.empty_rescan == "refuse":
        raise malformed("The replicaIds field must name at least one replica.")
    ids = list(dict.fromkeys(uuid_text(id, "replicaIds") for id in given)) if given else list(known)
    if unknown := [id for id in ids if id not in known]:
        raise ApiError(400, "NotFound", f"Replica with ID {unknown[0]} was not found.", resource_id=unknown[0])
    names = [str(known[id].get("name", "")) for id in ids]
    started = call.backend.rescans.start(ids, names, call.user.name if call.user else "")
    record = call.backend.rescans.record(started, started.started)
    return as_json(call.revision.session(record), status=201)


def _points(call: Call, within: str | None) -> Answer:
    view, wire = call.backend.world.view(), call.revision.point
    points = view.points
    if isinstance(points, PointTable):
        search = PointSearch(points, call.parser, wire, call.backend.world.member, within)
        return as_page(call, search.selection, wire, view.version)
    listing = lists.POINTS if within is None else lists.POINTS_OF_REPLICA
    own: Sequence[Record] = [point for point in points if within in {None, point.get("replicaId")}]
    return as_list(call, listing, lambda: own, wire, view.version)


def _replica(call: Call, id: str) -> Record:
    found = next((record for record in call.backend.world.view().replicas if record.get("id") == id), None)
    if found is None:
        raise not_found("Replica", id)
    return found


def _point(call: Call, id: str) -> Record:
    points = call.backend.world.view().points
    if isinstance(points, PointTable):
        found = points.by_id(id)
    else:
        found = next((record for record in points if record.get("id") == id), None)
    if found is None:
        raise not_found("Restore point", id)
    return found


def _wanted_ids(body: Any) -> list[str] | None:
    """`replicaIds` of a body; None where the key is absent. 400 for what is no such body."""
    if not isinstance(body, dict):
        raise malformed("The request body must be an object.")
    ids = body.get("replicaIds")
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise malformed("The replicaIds field must be an array of UUIDs.")
    return ids
