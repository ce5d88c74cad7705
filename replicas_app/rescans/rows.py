"""The life of a `Rescan` row: what is due, who may take a step, what a step writes down, the end.

Nobody has to remember a rescan. Its next step stands in `next_poll_at`; whoever finds it due tells a worker; the worker
holds a lock of Postgres while it takes the step, and the lock vanishes with the worker's process. A message that is
lost is sent again when its lease is over, and one that comes twice finds nothing to do.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from replicas_app import locks
from replicas_app.choices import RescanState
from replicas_app.models import Rescan, RescanReplica
from replicas_app.rescans import words

logger = logging.getLogger(__name__)

MESSAGE_LEASE = timedelta(seconds=30)
"""How long a step may lie with the broker or a worker before another worker is told of it."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=15)
PAUSE_GROWTH = 1.25
LONGEST_PAUSE_UNANSWERED = timedelta(seconds=60)
NO_ANSWER_LIMIT = timedelta(hours=1)
"""How long a rescan goes on without any answer of its server."""
LEAST_TRIES = 10
"""So often it must have been asked in that time: an hour without a worker is no hour without an answer."""
ENDS_WELL = (RescanState.SUCCEEDED, RescanState.WARNING)
TRIES_LIMIT = 120
"""How many tries in a row may fail: an hour of them, where each ends its process before it can look at the clock."""

_TAKE_DUE = """
    UPDATE rescan SET enqueued_at = %(now)s WHERE id IN (
        SELECT id FROM rescan
        WHERE (next_poll_at <= %(now)s OR next_poll_at > %(farthest)s)
        AND (enqueued_at IS NULL OR enqueued_at NOT BETWEEN %(lapsed)s AND %(farthest)s)
        FOR UPDATE SKIP LOCKED
    ) RETURNING id
"""


def take_due(now: datetime) -> list[int]:
    """The keys of the rescans of whose due step a worker has to be told; from now on they count as told.

    One query over an index that holds open rescans only. Two schedulers that ask at once get each rescan once. A step
    that lies farther ahead than any pause was planned before our clock was set back: it is due.
    """
    with connection.cursor() as cursor:
        moments = {"now": now, "lapsed": now - MESSAGE_LEASE, "farthest": now + 2 * LONGEST_PAUSE_UNANSWERED}
        cursor.execute(_TAKE_DUE, moments)
        return [key for (key,) in cursor.fetchall()]


@contextmanager
def claim(rescan_id: int) -> Iterator[Rescan | None]:
    """The rescan, if a step of it is due and nobody else is taking one; else None."""
    with locks.try_lock(locks.Space.RESCAN, rescan_id) as is_free:
        yield _taken_up(rescan_id) if is_free else None


def _taken_up(rescan_id: int) -> Rescan | None:
    """The row, with this try counted. Due is also what a scheduler took for due, whatever our clock says."""
    now = timezone.now()
    is_due = Q(next_poll_at__lte=now) | Q(next_poll_at__isnull=False, enqueued_at__isnull=False)
    counted = Rescan.objects.filter(is_due, pk=rescan_id).update(
        enqueued_at=now, failed_polls=F("failed_polls") + 1, unanswered_since=Coalesce("unanswered_since", now)
    )
    return Rescan.objects.select_related("server", "asked_by").get(pk=rescan_id) if counted else None


def write(rescan: Rescan, **columns: Any) -> bool:
    """Write the columns, unless somebody else has moved the rescan to another state meanwhile. Say whether."""
    written = Rescan.objects.filter(pk=rescan.pk, state=rescan.state).update(**columns)
    if written:
        for name, value in columns.items():
            setattr(rescan, name, value)
    return bool(written)


def went_well(rescan: Rescan, **columns: Any) -> bool:
    """A step brought what it should; the next one is due after a pause that grows from poll to poll."""
    polls = rescan.polls + 1
    return write(
        rescan,
        **{
            "polls": polls,
            "failed_polls": 0,
            "unanswered_since": None,
            "error": "",
            "error_cause": "",
            "enqueued_at": None,
            "next_poll_at": timezone.now() + pause_after(polls),
            **columns,
        },
    )


def moved_on(rescan: Rescan, state: RescanState, **columns: Any) -> bool:
    """The rescan is in another state from now on, and the pauses begin anew."""
    return went_well(rescan, **{"state": state, "polls": 0, "next_poll_at": timezone.now() + FIRST_PAUSE, **columns})


def got_no_answer(rescan: Rescan, why: words.Why) -> None:
    """A step brought nothing: try again later, with longer and longer pauses, up to the limit."""
    if is_tried_for_long(rescan):
        end(rescan, words.without_answer(rescan, why))
        return
    now = timezone.now()
    pause = max(pause_after_failures(rescan.failed_polls), min(why.not_before, LONGEST_PAUSE_UNANSWERED))
    write(rescan, error=why.sentence, error_cause=why.cause, enqueued_at=None, next_poll_at=now + pause)


def is_tried_for_long(rescan: Rescan) -> bool:
    """Whether nothing came of its steps for so long, and so often, that it is time to say so."""
    since = rescan.unanswered_since
    is_long = since is not None and timezone.now() - since >= NO_ANSWER_LIMIT
    return is_long and rescan.failed_polls >= LEAST_TRIES


def end(rescan: Rescan, outcome: words.Outcome, **columns: Any) -> bool:
    """Write the outcome and free the replicas, both at once; then the next rescan of the server has its turn.

    That one's row is not locked together with this one's: somebody may be ending it, who does the same the other way.
    """
    now = timezone.now()
    with transaction.atomic():
        ended = write(
            rescan,
            state=outcome.state,
            error=outcome.sentence,
            error_cause=outcome.cause,
            ended_at=now,
            enqueued_at=None,
            next_poll_at=now if outcome.reads_again else None,
            failed_polls=0,
            unanswered_since=None,
            **columns,
        )
        if ended:
            freed = {"is_open": False, "ended_well_at": now if outcome.state in ENDS_WELL else None}
            RescanReplica.objects.filter(rescan=rescan, is_open=True).update(**freed)
    if ended:
        _next_in_line(rescan).update(next_poll_at=now, enqueued_at=None)
    logger.info("rescan %s of server %s ended: %s", rescan.pk, rescan.server_id, rescan.state)
    return ended


def _next_in_line(rescan: Rescan) -> QuerySet[Rescan]:
    waiting = Rescan.objects.filter(server=rescan.server_id, state=RescanState.QUEUED).order_by("pk")
    return Rescan.objects.filter(pk__in=waiting.values("pk")[:1])


def pause_after(polls: int) -> timedelta:
    return min(LONGEST_PAUSE, FIRST_PAUSE * PAUSE_GROWTH ** min(polls - 1, 50))


def pause_after_failures(failures: int) -> timedelta:
    return min(LONGEST_PAUSE_UNANSWERED, FIRST_PAUSE * 2 ** min(failures, 10))
