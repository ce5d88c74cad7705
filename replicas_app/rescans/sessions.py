"""What a session of the backup server says, as columns of a rescan and as its end."""

import logging
from typing import Any

from replicas_app.choices import RescanState
from replicas_app.models import Rescan
from replicas_app.rescans import words
from replicas_app.text import storable
from replicas_app.vbr import Client, LogRecord, SessionRecord, VbrError

logger = logging.getLogger(__name__)

RESULTS = {
    "success": RescanState.SUCCEEDED,
    "warning": RescanState.WARNING,
    "failed": RescanState.FAILED,
}
KEPT_LOG_RECORDS = 1000
LONGEST_MESSAGE = 10_000
LONGEST_LOG_TEXT = 2_000
"""In letters. Of more the beginning is kept: each poll writes it anew, and each open page reads it."""


def columns(record: SessionRecord) -> dict[str, Any]:
    """Where the session stands. An end is believed of a session that is over and did not end before it began."""
    began, ended = record.created_at, record.ended_at
    has_ended = record.is_ended and ended is not None and (began is None or ended >= began)
    return {
        "session_state": _kept(record.state),
        "session_started_at": began,
        "session_ended_at": ended if has_ended else None,
        "progress": record.progress,
        "result": _kept(record.result),
        "message": _kept(record.message, LONGEST_MESSAGE),
    }


def log_of(client: Client, rescan: Rescan) -> list[dict[str, Any]]:
    """The session's log as it is now.

    The one that we have stays where the log cannot be read, or comes empty, as that of a stopped session does.
    """
    try:
        records = client.session_logs(str(rescan.session_id)).records
    except VbrError as error:
        logger.info("rescan %s: its log cannot be read: %s", rescan.pk, error)
        return rescan.log
    return [_log_entry(record) for record in records[-KEPT_LOG_RECORDS:]] or rescan.log


def outcome(rescan: Rescan, record: SessionRecord, log: list[dict[str, Any]]) -> words.Outcome:
    """How a session that is over has ended. One that was stopped may say Failed and not that it was stopped."""
    state = RESULTS.get(record.result.casefold(), RescanState.UNKNOWN)
    was_stopped = rescan.stop_sent_at and not rescan.stop_answer
    if record.is_cancelled or (was_stopped and state not in (RescanState.SUCCEEDED, RescanState.WARNING)):
        return words.stopped(rescan)
    if state == RescanState.UNKNOWN:
        return words.without_result(rescan)
    if state == RescanState.FAILED and not record.message and not log:
        return words.ended(state, words.FAILED_WITHOUT_REASON, "failed_silently")
    return words.ended(state)


def _log_entry(record: LogRecord) -> dict[str, Any]:
    return {
        "status": _kept(record.status),
        "title": _kept(record.title),
        "description": _kept(record.description),
        "at": at.isoformat() if (at := record.updated_at or record.started_at) else "",
    }


def _kept(text: str, longest: int = LONGEST_LOG_TEXT) -> str:
    text = storable(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
