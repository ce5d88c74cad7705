"""How a rescan may end or be held up, in whole sentences, and what mends it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from replicas_app import cool_down
from replicas_app.choices import RescanState
from replicas_app.models import Rescan
from replicas_app.vbr import Rejected, VbrError
from replicas_app.vbr.causes import explain


@dataclass(frozen=True)
class Why:
    """What kept a step from its answer."""

    cause: str
    sentence: str
    not_before: timedelta = timedelta()
    """How long the server wants to be left alone, if it said so."""


@dataclass(frozen=True)
class Outcome:
    """The end of a rescan. The sentence is empty where the server's own message says it all."""

    state: RescanState
    sentence: str = ""
    cause: str = ""
    reads_again: bool = False
    """Whether the server may hold something new now, so that it has to be read."""


NAMED = 5
"""How many names stand in a sentence about several replicas."""
NOT_TAKEN = "not_taken"
LOOK_AT_THE_SERVER = "not_known"
FAULT_OF_OURS = "fault"
FAILED_WITHOUT_REASON = (
    "The server says Failed and gives no reason, as it does for a session that somebody stopped in its console."
)
ANSWER_LOST = "The process that asked the server ended before the answer came."
_FIXES = {
    NOT_TAKEN: "What the server says about it stands here. It is read again now; then you may start the rescan again.",
    LOOK_AT_THE_SERVER: "Look in the console of the backup server under History, System, for a “Configuration Database "
    "Resynchronize”. You may start the rescan again.",
    "session_gone": "The replicas are read again, so what they show is true. You may start the rescan again.",
    "too_long": "Look in the console of the backup server under History, System, and stop the session if it hangs.",
    "failed_silently": "Look in the console of the backup server under History, System. You may start it again.",
    "closed": "Enable the server or accept its certificate, then start the rescan again.",
    "replicas_gone": "The server is read again now. If one of them should be there, look at its job on the server.",
    FAULT_OF_OURS: "The worker's log has the details; please report them.",
}


def fix(cause: str) -> str:
    """What a person can do about it; empty where nothing needs doing."""
    return _FIXES.get(cause) or (explain(cause).fix if cause else "")


def why(error: VbrError) -> Why:
    return Why(error.cause, error.sentence, timedelta(seconds=error.retry_after or 0))


def fault_of_ours() -> Why:
    return Why(FAULT_OF_OURS, "A step of this rescan failed within the dashboard; it is tried again.")


def ended(state: RescanState, sentence: str = "", cause: str = "") -> Outcome:
    """The session is over on the server."""
    return Outcome(state, sentence, cause, reads_again=True)


def refused(rescan: Rescan, error: VbrError) -> Outcome:
    """A person has to act before anything can begin. Where no answer came, it was not the server that refused."""
    state = RescanState.NOT_STARTED if error.status is None else RescanState.REFUSED
    sentence = f"{rescan.server} did not start the rescan. {error.sentence}"
    if isinstance(error, Rejected):
        return Outcome(state, sentence, NOT_TAKEN, reads_again=True)
    return Outcome(state, sentence, error.cause)


def without_answer(rescan: Rescan, why: Why) -> Outcome:
    """The server, or we, could not be had for the whole of the time that is allowed."""
    server, is_ours = rescan.server, why.cause == FAULT_OF_OURS
    if rescan.state == RescanState.QUEUED:
        asked = "The dashboard itself failed" if is_ours else f"{server} could not be reached"
        sentence = f"{asked} whenever it was to be asked, for an hour. Nothing was started."
        return Outcome(RescanState.NOT_STARTED, _with(sentence, why), why.cause)
    silence = "The dashboard itself failed at each step" if is_ours else f"{server} gave no answer"
    if rescan.state == RescanState.ASKING:
        return not_known_whether_started(rescan, _with(f"{silence} for an hour after that.", why))
    sentence = f"{silence} for an hour. Session {rescan.session_id} may still run; how it ended is not known."
    return Outcome(RescanState.UNKNOWN, _with(sentence, why), LOOK_AT_THE_SERVER, reads_again=True)


def _with(sentence: str, why: Why) -> str:
    """The sentence, and what the server's last fault was; our own stand in the log."""
    return sentence if why.cause == FAULT_OF_OURS else f"{sentence} {why.sentence}"


def not_known_whether_started(rescan: Rescan, what_was_found: str) -> Outcome:
    sentence = (
        f"{rescan.server} was asked at {rescan.asked_at:%H:%M:%S} UTC, but its answer was lost. It is not known "
        f"whether the rescan started, and it was not asked again. {what_was_found}"
    )
    return Outcome(RescanState.UNKNOWN, sentence, LOOK_AT_THE_SERVER, reads_again=True)


def session_gone(rescan: Rescan) -> Outcome:
    sentence = f"{rescan.server} no longer knows session {rescan.session_id}; how the rescan ended is not known."
    return Outcome(RescanState.UNKNOWN, sentence, "session_gone", reads_again=True)


def too_long(rescan: Rescan) -> Outcome:
    sentence = f"After 7 days the session still runs on {rescan.server}. It is no longer followed."
    return Outcome(RescanState.UNKNOWN, sentence, "too_long", reads_again=True)


def closed(rescan: Rescan) -> Outcome:
    why = "its certificate has to be accepted first" if rescan.server.is_enabled else "it was disabled"
    return Outcome(
        RescanState.NOT_STARTED, f"Nothing is sent to {rescan.server}: {why}. Nothing was started.", "closed"
    )


def replicas_gone(rescan: Rescan) -> Outcome:
    sentence = f"None of its replicas is on {rescan.server} any more. Nothing was started."
    return Outcome(RescanState.NOT_STARTED, sentence, "replicas_gone", reads_again=True)


def stopped(rescan: Rescan) -> Outcome:
    who = f"{rescan.stop_asked_by or 'Somebody'} had it stopped." if rescan.stop_sent_at else ""
    return ended(RescanState.CANCELLED, who or f"Somebody stopped it on {rescan.server}, not from this dashboard.")


def without_result(rescan: Rescan) -> Outcome:
    sentence = f"The session ended on {rescan.server}, and gave neither success nor failure as its result."
    return ended(RescanState.UNKNOWN, sentence, LOOK_AT_THE_SERVER)


def cancelled(person: str) -> Outcome:
    return Outcome(RescanState.CANCELLED, f"{person} cancelled it before its turn came. Nothing was started.")


def cancelled_in_time(rescan: Rescan) -> Outcome:
    """It was to be stopped while the server was asked, and the server did not begin it."""
    return cancelled(rescan.stop_asked_by.get_username() if rescan.stop_asked_by else "Somebody")


def rests(rescan: Rescan, now: datetime) -> str:
    """Why its replicas are left alone for a while: `rescanned 20 s ago by anna; again in 40 s`."""
    return cool_down.words(rescan.ended_at, rescan.asked_by and rescan.asked_by.get_username(), now)


def count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
