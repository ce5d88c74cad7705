"""What a rescan changed, in words: for its page, for the list and for the shell. `compare` has the figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from replicas_app.choices import SyncState
from replicas_app.models import Rescan, SyncRun
from replicas_app.rescans.settle import COMPARED_WITHIN, was_swept
from replicas_app.rescans.wishes import may_be_asked
from replicas_app.rescans.words import FAULT_OF_OURS, count_of, fix
from replicas_app.times import duration_words, utc_words

FIX = fix(FAULT_OF_OURS)
ONLY_IN_SWEEPS = ("points_lost", "points_restated", "points_rejudged")


@dataclass(frozen=True)
class Changes:
    rescan: Rescan
    now: datetime

    @property
    def is_known(self) -> bool:
        return self.rescan.read_after_at is not None

    @property
    def are_to_come(self) -> bool:
        """Whether they are not known yet and will be: the rescan goes on, or its server has still to be read."""
        rescan = self.rescan
        if self.is_known:
            return False
        return rescan.is_open or (rescan.may_have_changed_something and rescan.next_poll_at is not None)

    @property
    def are_worth_a_word(self) -> bool:
        """No word of a rescan that never reached its server, or was asked for before comparisons were made."""
        return self.rescan.is_open or self.rescan.may_have_changed_something

    @cached_property
    def sums(self) -> dict[str, int]:
        return self.rescan.changes

    @property
    def is_nothing(self) -> bool:
        return self.is_known and not self.sums["replicas"]

    @property
    def short(self) -> str:
        """In a few letters: `+12 −3 points`, `1 state …`, `nothing`, `not known yet`; empty where it is no question."""
        if not self.is_known:
            return "" if not self.are_worth_a_word else "not known yet" if self.are_to_come else "not known"
        first, *others = [*self._short_parts()] or ["nothing"]
        return f"{first} …" if others else first

    @property
    def sentence(self) -> str:
        """What changed, in whole sentences; or why that is not known."""
        if not self.is_known:
            return self._unknown()
        count, changed = self.rescan.replica_count, self.sums["replicas"]
        if not changed:
            all_of_them = "the replica is" if count == 1 else f"all {count:,} replicas are"
            return f"Nothing changed: {all_of_them} as before."
        who = "The replica" if count == 1 else f"{changed:,} of {count:,} replicas"
        return f"{who} changed: {'; '.join(self._parts())}."

    @property
    def proof(self) -> list[str]:
        """What is compared with what, and what of it need not be the rescan's doing."""
        if not self.is_known:
            return []
        return [self._compared(), *filter(None, [self._made_since(), self._seen_in_sweeps(), self._set_aside()])]

    # What changed

    def _short_parts(self) -> Iterator[str]:
        sums = self.sums
        for noun in ("points", "VMs"):
            gained, lost = sums[f"{noun.lower()}_gained"], sums[f"{noun.lower()}_lost"]
            signed = [f"+{gained:,}"] * bool(gained) + [f"−{lost:,}"] * bool(lost)
            if signed:
                yield f"{' '.join(signed)} {noun[:-1] if gained + lost == 1 else noun}"
        if states := sums["states"] + sums["points_restated"]:
            yield count_of(states, "state")
        if sums["points_rejudged"]:
            yield f"{sums['points_rejudged']:,} malware"
        if sums["replicas_gone"]:
            yield f"{count_of(sums['replicas_gone'], 'replica')} gone"

    def _parts(self) -> Iterator[str]:
        sums = self.sums
        yield from self._moved("restore point", sums["points_gained"], sums["points_lost"])
        yield from self._moved("VM", sums["vms_gained"], sums["vms_lost"])
        if sums["states"]:
            yield f"{count_of(sums['states'], 'replica')} in another state"
        if sums["points_restated"]:
            yield f"{count_of(sums['points_restated'], 'restore point')} in another state"
        if sums["points_rejudged"]:
            yield f"{count_of(sums['points_rejudged'], 'restore point')} with another malware status"
        if sums["replicas_gone"]:
            yield f"{count_of(sums['replicas_gone'], 'replica')} no longer listed by the server"

    @staticmethod
    def _moved(noun: str, gained: int, lost: int) -> Iterator[str]:
        if gained:
            yield f"{count_of(gained, noun)} gained" + (f", {lost:,} lost" if lost else "")
        elif lost:
            yield f"{count_of(lost, noun)} lost"

    # What it rests on

    def _compared(self) -> str:
        rescan = self.rescan
        before, after = rescan.read_before_at, utc_words(rescan.read_after_at)
        if before is None:
            return f"Before it {rescan.server} had never been read; after it, it was read {after}."
        earlier = duration_words(max(rescan.asked_at - before, timedelta()))
        return (
            f"Before is what had been read {utc_words(before)}, {earlier} before the rescan was asked for; "
            f"after is what was read {after}."
        )

    def _made_since(self) -> str:
        gained, since = self.sums["points_gained"], self.sums["points_made_since"]
        if not since:
            return ""
        few, it = ("was", "it") if since == 1 else ("were", "them")
        share = f"all {gained:,}" if since == gained else f"{since:,} of the {gained:,}"
        which = "The gained point" if gained == 1 else f"{share} gained points".capitalize()
        return f"{which} {few} made by a job after the rescan had been asked for; the rescan did not find {it}."

    def _seen_in_sweeps(self) -> str:
        """What goes and what changes, an interval's read does not see: it may have been so for hours."""
        swept, read = self.rescan.swept_before_at, self.rescan.read_before_at
        if not swept or not read or swept >= read or not any(self.sums[name] for name in ONLY_IN_SWEEPS):
            return ""
        return (
            f"Points that go or change show in a full sweep only, and the last one before was {utc_words(swept)}: "
            "some of that may have happened since then, and not by the rescan."
        )

    def _set_aside(self) -> str:
        run = self.rescan.sync_run
        if not run or run.state != SyncState.PARTIAL:
            return ""
        return "The read after it was incomplete, so what went away may not have been seen."

    # Why it is not known

    def _unknown(self) -> str:
        rescan = self.rescan
        if not self.are_worth_a_word:
            return ""
        if rescan.is_open:
            return f"What it changes is told here once {rescan.server} has been read in full after its end."
        if fault := rescan.changes.get("fault"):
            return f"What it changed could not be found out: {fault}, for an hour. {FIX}"
        if not self.are_to_come:
            return f"Not known: {rescan.server} was not read in full within {COMPARED_WITHIN.days} days after the end."
        until = f" It is waited for until {utc_words(rescan.ended_at + COMPARED_WITHIN)}."
        return f"Not known yet: {self._hindrance(rescan.sync_run)}" + (until if self.is_held_up else "")

    @property
    def is_held_up(self) -> bool:
        """Whether the server could not be read when it should have been."""
        rescan, run = self.rescan, self.rescan.sync_run
        if rescan.is_open or not self.are_to_come or was_swept(rescan):
            return False
        if run is None:
            return not may_be_asked(rescan.server) or rescan.server.is_busy(self.now)
        return not may_be_asked(rescan.server) or not run.is_open

    def _since_when_in_vain(self) -> str:
        since = self.rescan.unanswered_since
        if since is None or self.rescan.failed_polls < 2:
            return ""
        return f" The dashboard itself has failed at that since {utc_words(since)}, and tries again for an hour."

    def _hindrance(self, run: SyncRun | None) -> str:
        server = self.rescan.server
        if was_swept(self.rescan):
            return f"{server} has been read in full, and is being compared with before.{self._since_when_in_vain()}"
        if not server.is_enabled:
            return f"{server} is disabled. The first full sweep after it is enabled again tells."
        if server.is_unconfirmed:
            return f"nobody has accepted the certificate of {server}. The first full sweep after that tells."
        if run is None and server.is_busy(self.now):
            return (
                f"{server} wants to be left alone until {utc_words(server.busy_until)}. It is read in full after that."
            )
        if run is None:
            return f"{server} is about to be read in full; a read that is under way is finished first."
        if run.is_open:
            return f"{server} is being read in full."
        if run.error_cause == "drop":
            return f"{run.error} Somebody has to say on the page of {server} whether that is right."
        why = f" {run.error}" if run.error else ""
        return (
            f"{server} could not be read in full after the rescan.{why} The next full sweep that comes through tells."
        )
