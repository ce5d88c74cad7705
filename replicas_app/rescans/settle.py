"""After the end: the server is read in full again, and what the rescan changed is written down. Then it is settled.

A rescan keeps a next step until then, whatever becomes of the reads: a worker that is killed between the sweep and the
comparison, or a sweep that fails, only makes it later. The wish for a full sweep stands at the server until one has
come through, so nothing is asked for twice here.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from replicas_app import sync
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.models import Rescan, SyncRun
from replicas_app.rescans import compare, rows
from replicas_app.rescans.wishes import may_be_asked

logger = logging.getLogger(__name__)

COMPARED_WITHIN = timedelta(days=7)
"""How long after the end a full sweep that comes through is still waited for."""


def settle(rescan: Rescan) -> SyncRun | None:
    """Take the next step after the end. The answer is a sync of which a worker has to be told.

    Raises what is a fault of ours, after it was written down: the step is tried again, later and later, up to a limit.
    """
    if rescan.failed_polls > rows.TRIES_LIMIT:
        _give_up(rescan, "the process that compared it ended each time")
        return None
    try:
        return _next_step(rescan)
    except Exception as fault:
        _failed(rescan, fault)
        raise


def _next_step(rescan: Rescan) -> SyncRun | None:
    if rescan.ended_at > (now := timezone.now()):  # by a clock that was set back since: no sweep would be after it
        rows.write(rescan, ended_at=now)
    if rescan.may_have_changed_something and was_swept(rescan):
        _compare(rescan)
        return None
    if _is_vain(rescan):
        _go_on(rescan, next_poll_at=None)
        return None
    before, run = rescan.sync_run, _sweep_after(rescan)
    is_done = run is not None and not rescan.may_have_changed_something
    _go_on(rescan, sync_run=run, **({"next_poll_at": None} if is_done else {}))
    return run if run and run != before and run.state == SyncState.QUEUED else None


def _failed(rescan: Rescan, fault: Exception) -> None:
    """The rescan is over, and its server was read: the fault is ours, and may pass."""
    if rows.is_tried_for_long(rescan):
        _give_up(rescan, f"the dashboard itself failed whenever it compared ({type(fault).__name__})")
    else:
        rows.write(
            rescan, enqueued_at=None, next_poll_at=timezone.now() + rows.pause_after_failures(rescan.failed_polls)
        )


def _give_up(rescan: Rescan, why: str) -> None:
    _go_on(rescan, next_poll_at=None, changes={"fault": why})
    logger.error("rescan %s of server %s: what it changed is not found out: %s", rescan.pk, rescan.server_id, why)


def _is_vain(rescan: Rescan) -> bool:
    """Whether nothing is waited for any more: for too long already, or only for a read, and no read may begin."""
    if not rescan.may_have_changed_something:
        return not may_be_asked(rescan.server)
    return timezone.now() - rescan.ended_at > COMPARED_WITHIN


def was_swept(rescan: Rescan) -> bool:
    """Whether a full sweep that began after the end has come through."""
    swept_at = rescan.server.last_full_at
    return swept_at is not None and swept_at > rescan.ended_at


def _compare(rescan: Rescan) -> None:
    sweeps = SyncRun.objects.filter(server=rescan.server_id, is_full=True, started_at=rescan.server.last_full_at)
    with transaction.atomic():
        compare.note_after(rescan)
        _go_on(rescan, sync_run=sweeps.newest_first().first(), next_poll_at=None)
    logger.info("rescan %s of server %s: what it changed is written down", rescan.pk, rescan.server_id)


def _sweep_after(rescan: Rescan) -> SyncRun | None:
    """The newest full sweep that began after the end, or will; asked for if there is none. None: not yet to be had."""
    sweeps = SyncRun.objects.filter(server=rescan.server_id, is_full=True, started_at__gt=rescan.ended_at)
    if run := sweeps.newest_first().first():
        return run
    if rescan.sync_run and rescan.sync_run.is_open:
        return rescan.sync_run
    if not may_be_asked(rescan.server) or rescan.server.is_busy(timezone.now()):
        return None
    run, _ = sync.request(rescan.server, SyncTrigger.RESCAN, rescan.asked_by, full=f"after rescan {rescan.pk}")
    return run if run.state == SyncState.QUEUED else None


def _go_on(rescan: Rescan, **columns: object) -> None:
    rows.went_well(rescan, **{"error": rescan.error, "error_cause": rescan.error_cause, **columns})
