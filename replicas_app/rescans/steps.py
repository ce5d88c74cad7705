"""One step of a rescan at a time: wait for its turn, ask the server, look for a lost answer, poll; then `settle`.

A step is short, and between two steps no worker is held. The request that starts the session is sent once in the life
of a rescan: the state "asking" is committed before it is sent, and a rescan that is found in that state only looks.
Only where the server's own answer says that nothing was started, the rescan waits for its turn again.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from replicas_app import connections
from replicas_app.choices import RescanState
from replicas_app.knock import NO_ANSWER, PATIENT, SHORT, knock
from replicas_app.models import Replica, Rescan, SyncRun
from replicas_app.rescans import compare, left_out, look, rows, sessions, words
from replicas_app.rescans.settle import settle
from replicas_app.rescans.wishes import may_be_asked
from replicas_app.vbr import (
    Client,
    Deadlines,
    Denied,
    Malformed,
    Rejected,
    Retries,
    SessionRecord,
    Unavailable,
    Unclear,
    VbrError,
)

logger = logging.getLogger(__name__)

FOLLOW_LIMIT = timedelta(days=7)
"""How long a session is followed that does not end."""
DEADLINES = Deadlines(connect=10, read=60, total=60)
"""Of each call, in seconds. A step calls three times at most (oftener only to learn which replicas have vanished), and
repeats nothing: the next step does."""
PATIENT_EVERY = 5
"""A server that gave no answer is knocked at patiently with every so many tries."""
LOOKS = 13
"""How often the session of a lost answer is looked for: about a minute, at the pauses between polls."""
LOOKS_UNTIL_GONE = 3
"""How often in a row the server must not know a session before it counts as gone."""


def advance(rescan: Rescan) -> SyncRun | None:
    """Take the next step of a rescan that was claimed. The answer is a sync of which a worker may be told.

    Raises what is a fault of ours, after it was written down: the step is tried again, up to the limit.
    """
    if not rescan.is_open:
        return settle(rescan)
    if rescan.failed_polls > rows.TRIES_LIMIT:
        rows.end(rescan, words.without_answer(rescan, words.fault_of_ours()))
        return None
    try:
        _STEPS[rescan.state](rescan)
    except VbrError as error:
        rows.got_no_answer(rescan, words.why(error))
    except Exception:
        rows.got_no_answer(rescan, words.fault_of_ours())
        raise
    return None


@contextmanager
def _connect(rescan: Rescan) -> Iterator[Client]:
    """A server that gave no answer is knocked at first; with every fifth try patiently, for it may only be slow."""
    if _may_be_dead(rescan):
        knock(rescan.server, SHORT if rescan.failed_polls % PATIENT_EVERY else PATIENT)
    with connections.connect(rescan.server, deadlines=DEADLINES, retries=Retries(times=0)) as client:
        yield client


def _may_be_dead(rescan: Rescan) -> bool:
    """Whether it gave none to the last step; before the first one that asks it, to the last read."""
    is_first = rescan.state == RescanState.QUEUED and not rescan.error_cause
    return (rescan.server.last_error_cause if is_first else rescan.error_cause) in NO_ANSWER


def _begin(rescan: Rescan) -> None:
    """Queued: ask the server, if it is this one's turn and nothing stands against it."""
    if not may_be_asked(rescan.server):
        rows.end(rescan, words.closed(rescan))
    elif rescan.stop_asked_at:
        rows.end(rescan, words.cancelled_in_time(rescan))
    elif Rescan.objects.ahead_of(rescan).exists():
        rows.went_well(rescan)
    else:
        replicas = list(rescan.replicas.order_by("pk"))
        if there := _without(rescan, replicas, {replica for replica in replicas if replica.removed_at}):
            _ask(rescan, there)


def _without(rescan: Rescan, replicas: list[Replica], gone: set[Replica]) -> list[Replica]:
    """Those that its server still has; the others are left out. None: it ended without any, or was cancelled."""
    there = [replica for replica in replicas if replica not in gone]
    if not there:
        rows.end(rescan, words.replicas_gone(rescan))
    elif gone:
        group = left_out.vanished(rescan.server, [replica for replica in replicas if replica in gone])
        return there if left_out.leave_out(rescan, group, timezone.now()) else []
    return there


def _ask(rescan: Rescan, replicas: list[Replica]) -> None:
    ids = [str(replica.uuid) for replica in replicas]
    try:
        with _connect(rescan) as client:
            try:
                _knock_and_send(rescan, client, ids)
            except Rejected as refusal:
                _without_the_vanished(rescan, client, replicas, refusal)
    except (Denied, Rejected) as refusal:
        rows.end(rescan, words.refused(rescan, refusal))


def _knock_and_send(rescan: Rescan, client: Client, ids: list[str]) -> None:
    """Learn before the point of no return what stands against it: the way, the login, the role, the replica."""
    client.replica(ids[0])
    if _take_turn(rescan):
        _send(rescan, client, ids)
    else:
        rows.went_well(rescan)


def _without_the_vanished(rescan: Rescan, client: Client, replicas: list[Replica], refusal: Rejected) -> None:
    """The server said that it started nothing. Where it lacks some of the replicas, the others are asked for next.

    It waits for its turn again before that is found out: whatever happens meanwhile, it is true that nothing runs.
    """
    asked_at = rescan.asked_at
    rows.write(rescan, state=RescanState.QUEUED, asked_at=None)
    vanished = _vanished(client, replicas)
    if not vanished:
        rows.end(rescan, words.refused(rescan, refusal), asked_at=asked_at)
    elif _without(rescan, replicas, vanished):
        rows.moved_on(rescan, RescanState.QUEUED)


def _vanished(client: Client, replicas: list[Replica]) -> set[Replica]:
    """Those that the server no longer has: not in its list, which alone might be incomplete, and not by their ids."""
    listed = {record.id for page in client.replicas() for record in page.records}
    return {one for one in replicas if str(one.uuid) not in listed and not _is_there(client, str(one.uuid))}


def _is_there(client: Client, id: str) -> bool:
    try:
        client.replica(id)
    except Rejected as error:
        if error.cause != "gone":
            raise
        return False
    except Malformed:  # there is something by this id
        return True
    return True


def _take_turn(rescan: Rescan) -> bool:
    """Write down that the server is being asked, and how the replicas are at this moment.

    No: another rescan is on the server, or this one was cancelled.
    """
    try:
        with transaction.atomic():
            is_ours = rows.write(rescan, state=RescanState.ASKING, asked_at=timezone.now())
            if is_ours:
                compare.note_before(rescan)
            return is_ours
    except IntegrityError:
        return False


def _send(rescan: Rescan, client: Client, ids: list[str]) -> None:
    try:
        started = client.rescan(ids)
    except Unavailable:  # it was not done, so it may be tried again
        rows.write(rescan, state=RescanState.QUEUED, asked_at=None)
        raise
    except (Unclear, Malformed) as lost:
        rows.went_well(rescan, polls=0, error=lost.sentence, error_cause=lost.cause)
    else:
        _follow(rescan, started)


def _follow(rescan: Rescan, record: SessionRecord, **columns: object) -> None:
    rows.moved_on(rescan, RescanState.RUNNING, session_id=UUID(record.id), **sessions.columns(record), **columns)
    logger.info("rescan %s of server %s: session %s", rescan.pk, rescan.server_id, rescan.session_id)


def _look(rescan: Rescan) -> None:
    """Asking, and no answer: is our session on the server? It counts as ours only when there can be no doubt."""
    try:
        with _connect(rescan) as client:
            found = look.look(client, rescan)
    except (Denied, Rejected, Malformed) as error:
        found = look.Found(words=f"Its sessions cannot be read. {error.sentence}")
    if found.ours:
        _follow(rescan, found.ours, is_found_again=True)
    elif rescan.polls + 1 >= LOOKS:
        rows.end(rescan, words.not_known_whether_started(rescan, found.words))
    else:
        rows.went_well(rescan, error=rescan.error or words.ANSWER_LOST)


def _poll(rescan: Rescan) -> None:
    """Running: how far is the session, and is it over?"""
    with _connect(rescan) as client:
        if rescan.stop_asked_at and not rescan.stop_sent_at:
            _send_stop(rescan, client)
        try:
            record = client.session(str(rescan.session_id))
        except Rejected as error:
            if error.cause == "gone" and _is_gone_for_good(rescan):
                rows.end(rescan, words.session_gone(rescan))
                return
            raise
        columns = {**sessions.columns(record), "log": sessions.log_of(client, rescan)}
    if record.is_ended:
        rows.end(rescan, sessions.outcome(rescan, record, columns["log"]), **columns)
    elif timezone.now() - rescan.asked_at > FOLLOW_LIMIT:
        rows.end(rescan, words.too_long(rescan), **columns)
    else:
        rows.went_well(rescan, **columns)


def _is_gone_for_good(rescan: Rescan) -> bool:
    """Whether the server has not known the session several times in a row: one that comes up again answers before it
    knows its sessions. The tries before, which brought nothing at all, do not count, unless that goes on for too long.
    """
    is_first = rescan.error_cause != "gone"
    if is_first and timezone.now() - rescan.unanswered_since < rows.NO_ANSWER_LIMIT:
        rows.write(rescan, failed_polls=1)
    return rescan.failed_polls >= LOOKS_UNTIL_GONE


def _send_stop(rescan: Rescan, client: Client) -> None:
    """Told once. Where it was lost, the next poll shows whether it was done."""
    rows.write(rescan, stop_sent_at=timezone.now(), polls=0)
    try:
        client.stop_session(str(rescan.session_id))
    except (Unavailable, Denied, Rejected) as refusal:
        if isinstance(refusal, Unavailable) or refusal.status is None:  # it was not done, so it may be tried again
            rows.write(rescan, stop_sent_at=None)
            raise
        rows.write(rescan, stop_answer=refusal.sentence)
    except (Unclear, Malformed) as lost:
        logger.info("rescan %s: the answer to the stop was lost: %s", rescan.pk, lost)


_STEPS = {
    RescanState.QUEUED: _begin,
    RescanState.ASKING: _look,
    RescanState.RUNNING: _poll,
}
