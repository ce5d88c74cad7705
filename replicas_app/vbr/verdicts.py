"""What an HTTP answer means: its data, or the error that says what to do next.

The kind of body decides as much as the status: a JSON error is the backup server speaking, a web page is something
that stands between us and it. Nothing depends on the exact words of a message; words only refine what the status says.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from replicas_app.vbr.answers import Answer
from replicas_app.vbr.errors import Denied, Malformed, Rejected, Unavailable, VbrError
from replicas_app.vbr.revisions import revisions_in

_LOCKED = re.compile(r"\block(ed|out)\b|\block(ed)? ?-?out", re.IGNORECASE)
_SECOND_FACTOR = re.compile(
    r"multi-?\s?factor|\bmfa\b|two-?\s?factor|second factor|one-?time (code|password)", re.IGNORECASE
)
_LICENCE = re.compile(r"licen[sc]e|\bedition\b", re.IGNORECASE)
_CLOCK_DURATION = re.compile(r"\b(?:(\d+)\.)?(\d{1,2}):(\d\d):(\d\d)\b")
_WORD_DURATION = re.compile(r"\b(\d+)\s*(second|minute|hour|day)", re.IGNORECASE)
_UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_BUSY_STATUSES = (408, 425, 429, 503)
_LONGEST_RETRY_AFTER = 86_400.0


def error_of(answer: Answer, *, probe: bool = False) -> VbrError | None:
    """The error in an answer; None for a good one.

    `probe`: the calls that need no token and come first; a page or an unknown address there means that this is not the
    REST API at all.
    """
    if answer.is_html or 300 <= answer.status < 400:
        return _foreign(answer, probe)
    if answer.status < 300:
        return None
    if answer.status >= 500 or answer.status in _BUSY_STATUSES:
        return _passing(answer)
    return _refusal(answer, probe)


def login_error_of(answer: Answer) -> VbrError | None:
    """The error in an answer to a login: what a 400 or 401 means there is another thing than elsewhere."""
    error = error_of(answer, probe=True)
    if error is None or error.cause not in ("token", "rejected", "role"):
        return error
    words = error.detail
    if _LOCKED.search(words):
        return Denied("locked", words, status=answer.status, until=_end_of_lock(words))
    if _SECOND_FACTOR.search(words):
        return Denied("mfa", words, status=answer.status)
    if answer.status == 401 or answer.fields.get("error") == "invalid_grant":
        return Denied("login", words, status=answer.status)
    return error


def _foreign(answer: Answer, probe: bool) -> VbrError:
    """A web page or a redirect: the REST API sends neither."""
    status = answer.status
    words = answer.page_words if answer.is_html else f"a redirect with status {status}"
    if probe and (status < 400 or status in (404, 405)):
        return Denied("port", words, status=status)
    if status >= 500 or status in _BUSY_STATUSES:
        return Unavailable("between", words, status=status, retry_after=retry_after_of(answer.headers))
    if status < 300:
        return Malformed("between", words, status=status)
    return Denied("between", words, status=status)


def _passing(answer: Answer) -> VbrError:
    words, status = answer.words, answer.status
    if status in _BUSY_STATUSES:
        return Unavailable("busy", words, status=status, retry_after=retry_after_of(answer.headers))
    if status in (502, 504) and not answer.fields:
        return Unavailable("between", f"status {status}", status=status)
    if _LICENCE.search(words):
        return Denied("licence", words, status=status)
    return Unavailable("server", words or f"status {status}", status=status)


def _refusal(answer: Answer, probe: bool) -> VbrError:
    words, status = answer.words, answer.status
    if status == 401:
        return Denied("token", words, status=status)
    if status == 400 and _speaks_of_version(answer):
        return Denied("version", words, status=status, offered=revisions_in(words))
    if status == 407 or (status == 403 and answer.body and not answer.fields):
        return Denied("between", f"status {status} without the server's own words", status=status)
    if _LICENCE.search(words):
        return Denied("licence", words, status=status)
    if status == 403:
        return Denied("role", words, status=status)
    if status in (404, 405) and probe:
        return Denied("port", words or f"status {status}", status=status)
    if status in (404, 410):
        return Rejected("gone", words, status=status)
    return Rejected("rejected", words or f"status {status}", status=status)


def _speaks_of_version(answer: Answer) -> bool:
    """Old servers name the supported revisions, live ones answer NotImplemented; both in words that may change."""
    code, words = str(answer.fields.get("errorCode", "")).lower(), answer.words.lower()
    return code == "notimplemented" or ("version" in words and "support" in words)


def _end_of_lock(words: str) -> datetime | None:
    seconds = 0
    if clock := _CLOCK_DURATION.search(words):
        days, hours, minutes, rest = (int(part or 0) for part in clock.groups())
        seconds = days * 86400 + hours * 3600 + minutes * 60 + rest
    elif spelled := _WORD_DURATION.search(words):
        seconds = int(spelled.group(1)) * _UNIT_SECONDS[spelled.group(2).lower()]
    return datetime.now(UTC) + timedelta(seconds=min(seconds, 7 * 86400)) if seconds else None


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """The seconds after which to ask again, from either form of Retry-After; None where it says nothing usable."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST_RETRY_AFTER)
