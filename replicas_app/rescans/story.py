"""A rescan as people read it: where it stands, how far, how long, and every step that it took."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Any

from django.urls import reverse

from replicas_app import cool_down
from replicas_app.choices import RescanState
from replicas_app.models import Rescan, SyncRun
from replicas_app.rescans import words
from replicas_app.rescans.changes import Changes
from replicas_app.rescans.rows import ENDS_WELL, NO_ANSWER_LIMIT
from replicas_app.text import names_of

NEWEST_RECORDS = 40
"""How many records of a long log are shown, beside all that were not well."""
SECONDS_WHEN_MOVING = 2
TAKEN_UP_WITHIN = timedelta(seconds=5)
SECONDS_WHEN_HELD_UP = 15
LOG_TONES = {"succeeded": "ok", "warning": "late", "failed": "critical"}
NOT_WELL = ("late", "critical")
ENDS = {
    RescanState.SUCCEEDED: "Ended with success",
    RescanState.WARNING: "Ended with a warning",
    RescanState.FAILED: "Failed",
    RescanState.NOT_STARTED: "Not started",
    RescanState.REFUSED: "Refused",
    RescanState.UNKNOWN: "How it ended is not known",
    RescanState.CANCELLED: "Cancelled",
}


@dataclass(frozen=True)
class Step:
    """One line of the story. `tone` is a status of the look; `is_now`: it goes on at this moment."""

    tone: str
    words: str
    at: datetime | None = None
    detail: str = ""
    href: str = ""
    is_now: bool = False
    skips: bool = False
    """Records of the log before this one are not shown."""


@dataclass(frozen=True)
class Story:
    """Reads its rescan and asks the database only for what is ahead of it in the queue and for its log's length."""

    rescan: Rescan
    now: datetime
    is_whole: bool = False
    """Whether all of a long log is wanted."""

    @property
    def version(self) -> str:
        """Changes whenever something is to be told anew."""
        rescan, run = self.rescan, self.run
        polls = rescan.polls if rescan.is_open else 0
        told = (rescan.error, rescan.stop_asked_at, rescan.stop_answer, rescan.read_after_at, len(rescan.left_out))
        facts = (rescan.state, polls, *told)
        reading = (run.pk, run.state, run.rows_read, run.step, self.is_settled) if run else (self.is_settled,)
        return blake2b(repr((facts, reading)).encode(), digest_size=12).hexdigest()

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will happen to it: it ended, the server was read again, what changed is written down."""
        return self.rescan.next_poll_at is None and not (self.run and self.run.is_open)

    @property
    def is_overdue(self) -> bool:
        """Whether its next step was due a while ago: a free worker takes it within a second or two."""
        due = self.rescan.next_poll_at
        return due is not None and self.now - due > TAKEN_UP_WITHIN

    @property
    def asks_again_after(self) -> int:
        """After how many seconds a page that shows it should ask again: later where only a read is waited for that
        failed once already."""
        return SECONDS_WHEN_HELD_UP if self.changes.is_held_up else SECONDS_WHEN_MOVING

    @property
    def rests(self) -> str:
        """Why its replicas cannot be rescanned again at once, in words; empty where they can."""
        is_over = self.rescan.state in ENDS_WELL
        rests = is_over and cool_down.seconds_left(self.rescan.ended_at, self.now) > 0
        return words.rests(self.rescan, self.now) if rests else ""

    @cached_property
    def changes(self) -> Changes:
        return Changes(self.rescan, self.now)

    @property
    def run(self) -> SyncRun | None:
        return self.rescan.sync_run

    @property
    def headline(self) -> str:
        """Where it stands: `Working, 62 %`, `Waiting its turn`, `Ended with success`."""
        rescan = self.rescan
        match rescan.state:
            case RescanState.QUEUED:
                return "Waiting for the server" if rescan.error else RescanState.QUEUED.label
            case RescanState.ASKING:
                return "Looking for its session" if rescan.error else "Asking the server"
            case RescanState.RUNNING:
                state = "Stopping" if rescan.stop_sent_at and not rescan.stop_answer else rescan.session_state
                return state if rescan.progress is None else f"{state}, {rescan.progress} %"
        return self._end

    @property
    def _end(self) -> str:
        if self.rescan.state == RescanState.UNKNOWN and not self.rescan.session_id:
            return "Whether it started is not known"
        return ENDS[self.rescan.state]

    @property
    def percent(self) -> int | None:
        """Full where the result says that it was done; None while nobody knows."""
        if self.rescan.state in (RescanState.SUCCEEDED, RescanState.WARNING):
            return 100
        return self.rescan.progress if self.rescan.is_open else self.rescan.progress or 0

    @property
    def took(self) -> timedelta | None:
        """How long the session ran, or has run so far. By the server's clock where it says; None where nobody knows."""
        rescan = self.rescan
        if rescan.session_started_at is None:
            return None
        if rescan.session_ended_at:
            return rescan.session_ended_at - rescan.session_started_at
        if rescan.state == RescanState.UNKNOWN:
            return None
        until = (rescan.ended_at or self.now) + timedelta(seconds=rescan.server.clock_skew_seconds or 0)
        return max(until - rescan.session_started_at, timedelta())

    @property
    def trouble(self) -> str:
        """What went wrong or holds it up, in whole sentences; empty where all is well."""
        if self.rescan.state in (RescanState.WARNING, RescanState.FAILED):
            return self.rescan.error or self.rescan.message
        return self.rescan.error

    @property
    def message(self) -> str:
        """What the server said beside the result, where it says more than that and is not told as a trouble."""
        said = self.rescan.message
        return "" if said == self.trouble or said.casefold() in ("success", "none") else said

    @property
    def gives_up_at(self) -> datetime | None:
        """Until when a server that gives no answer is asked again."""
        since = self.rescan.unanswered_since
        return since + NO_ANSWER_LIMIT if self.rescan.is_open and self.rescan.error and since else None

    @property
    def fix(self) -> str:
        return words.fix(self.rescan.error_cause)

    @property
    def may_be_stopped(self) -> bool:
        return self.rescan.is_open and not self.rescan.stop_asked_at

    @property
    def left_out_count(self) -> int:
        """How many replicas of the wish are not in it."""
        return sum(group["count"] for group in self.rescan.left_out)

    @cached_property
    def ahead(self) -> list[Rescan]:
        """What its server has to do first."""
        if self.rescan.state != RescanState.QUEUED:
            return []
        return list(Rescan.objects.ahead_of(self.rescan).select_related("asked_by"))

    # The steps

    @cached_property
    def steps(self) -> list[Step]:
        return [*self._beginning(), *self._records, *self._ending()]

    def _beginning(self) -> Iterator[Step]:
        rescan = self.rescan
        count = words.count_of(rescan.replica_count + self.left_out_count, "replica")
        yield Step("ok", f"{rescan.asked_by or 'The shell'} asked for a rescan of {count}", rescan.created_at)
        yield from (_step_of_left_out(group, self.is_whole) for group in rescan.left_out)
        for other in self.ahead[:1]:
            more = f", then for {len(self.ahead) - 1} more" if len(self.ahead) > 1 else ""
            waits = f"Waits for rescan {other.pk} of {other.asked_by_words}{more}"
            yield Step("unknown", waits, href=other.get_absolute_url(), is_now=True)
        if rescan.asked_at:
            yield Step("ok", f"Asked {rescan.server}", rescan.asked_at, is_now=rescan.state == RescanState.ASKING)
        if rescan.is_found_again:
            yield Step("late", "The answer was lost; the session was found by its account and time")
        if rescan.session_id:
            yield Step("ok", f"Session {str(rescan.session_id)[:8]} started", rescan.session_started_at)

    @cached_property
    def _records(self) -> list[Step]:
        """The log, as the server gave it; of a long one the newest records, and all that were not well."""
        records = [_step_of(record, self.rescan.is_open) for record in self.rescan.log]
        if self.is_whole or len(records) <= NEWEST_RECORDS:
            return records
        older, newest = records[:-NEWEST_RECORDS], records[-NEWEST_RECORDS:]
        shown = [record for record in older if record.tone in NOT_WELL] + newest
        return [replace(shown[0], skips=len(shown) < len(records)), *shown[1:]]

    def _ending(self) -> Iterator[Step]:
        rescan = self.rescan
        if rescan.stop_asked_at and rescan.session_id:
            yield Step("unknown", f"{rescan.stop_asked_by or 'Somebody'} asked to stop it", rescan.stop_asked_at)
        if rescan.stop_answer:
            yield Step("critical", f"{rescan.server} did not stop it", detail=rescan.stop_answer)
        if rescan.is_open:
            return
        yield Step(rescan.tone, self._end, rescan.ended_at)
        if run := self.run:
            yield _step_of_run(run, rescan)
        elif rescan.next_poll_at and not self.changes.is_held_up:
            yield Step("unknown", f"{rescan.server} is about to be read again", is_now=True)
        if self.changes.is_known:
            yield Step("ok", "Compared with before")


def _step_of(record: dict[str, Any], is_open: bool) -> Step:
    tone = LOG_TONES.get(record["status"].casefold(), "unknown")
    at = datetime.fromisoformat(record["at"]) if record["at"] else None
    return Step(tone, record["title"], at, record["description"], is_now=is_open and tone == "unknown")


def _step_of_left_out(group: dict[str, Any], is_whole: bool) -> Step:
    names, count, at = group["replicas"], group["count"], datetime.fromisoformat(group["at"])
    href = reverse("rescan", args=[group["rescan"]]) if group["rescan"] else ""
    if count == 1:
        return Step("late", f"Left out: {names[0]} {group['words']}", at, href=href)
    detail = names_of(names if is_whole else names[: words.NAMED], count)
    return Step("late", f"Left out: {words.count_of(count, 'replica')} {group['words']}", at, detail, href)


def _step_of_run(run: SyncRun, rescan: Rescan) -> Step:
    if run.is_open:
        return Step("unknown", f"Reading {rescan.server} again", run.queued_at, run.step, run.get_absolute_url(), True)
    return Step(run.tone, f"Read {rescan.server} again", run.ended_at, run.error, run.get_absolute_url())
