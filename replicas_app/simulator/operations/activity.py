"""Sessions, their logs and tasks, and the states of jobs."""

from .. import words
from ..errors import not_found
from ..exchange import Answer
from ..listing import lists
from ..revisions import Record
from .call import Call, as_json, as_list


def sessions(call: Call) -> Answer:
    """Newest first, unless ordered otherwise. Nothing of it is kept: something always runs."""
    return as_list(call, lists.SESSIONS, lambda: _newest_first(call), call.revision.session, None)


def session(call: Call) -> Answer:
    return as_json(call.revision.session(_session(call, call.id())))


def session_logs(call: Call) -> Answer:
    found = _log(call, call.id())
    if call.revision.place and call.parser.has("statusFilter"):
        status = call.parser.word("statusFilter", call.revision.known(words.LOG_STATUSES))
        found = [record for record in found if record["status"] == status]
    return as_json({"totalRecords": len(found), "records": found})


def stop_session(call: Call) -> Answer:
    """Also 200 for one that has ended: it stays as it is."""
    id = call.id()
    _session(call, id)
    if started := call.backend.rescans.get(id):
        call.backend.rescans.stop(started)
    else:
        call.backend.history.stop(id)
    return as_json({})


def job_states(call: Call) -> Answer:
    return as_list(call, lists.JOBS, call.backend.jobs.all, call.revision.job, call.backend.history.version)


def task_sessions(call: Call) -> Answer:
    history = call.backend.history
    return as_list(call, lists.TASKS, history.tasks, call.revision.task, history.version)


def _newest_first(call: Call) -> list[Record]:
    rescans, now = call.backend.rescans, call.backend.clock.now()
    records = [*call.backend.history.all(), *(rescans.record(one, now) for one in rescans.all())]
    return sorted(records, key=lambda record: record["usn"], reverse=True)


def _session(call: Call, id: str) -> Record:
    if started := call.backend.rescans.get(id):
        return call.backend.rescans.record(started, call.backend.clock.now())
    found = call.backend.history.get(id)
    if found is None:
        raise not_found("Session", id)
    return found


def _log(call: Call, id: str) -> list[Record]:
    if started := call.backend.rescans.get(id):
        return call.backend.rescans.log(started, call.backend.clock.now())
    return call.backend.history.log(_session(call, id))
