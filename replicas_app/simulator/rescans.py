"""Rescans that clients start: a session each, whose every moment follows from when it began."""

from collections import deque
from dataclasses import asdict, dataclass
from threading import RLock

from .clock import DAY, SECOND, Clock
from .memory import Memory
from .revisions import Record
from .world import World
from .world.cast import ZERO_ID, Habit
from .world.ids import Ids

KEPT = 7 * DAY
STARTING_SHARE = 0.1
STOPPING_SECONDS = 0.2
MESSAGES = {
    "Success": "Success",
    "Warning": "Some hosts could not be reached; their replicas were not updated.",
    "Failed": "Failed to rescan replicas: the target host is not available.",
}
_SEVERITY = ("Success", "Warning", "Failed")
_BY_HABIT = {Habit.WARNS: "Warning", Habit.FAILS: "Failed"}


@dataclass(slots=True)
class Rescan:
    id: str
    usn: int
    started: int
    ends: int
    replica_ids: list[str]
    names: list[str]
    user: str
    result: str
    message: str
    stopped: int | None = None
    settled: bool = False

    def ended_at(self) -> int:
        return self.ends if self.stopped is None else self.stopped + round(STOPPING_SECONDS * SECOND)

    def state(self, now: int) -> str:
        if now >= self.ended_at():
            return "Stopped"
        if self.stopped is not None:
            return "Stopping"
        return "Starting" if self.share(now) < STARTING_SHARE else "Working"

    def share(self, now: int) -> float:
        """How much of it is done, 0 to 1."""
        until = now if self.stopped is None else min(now, self.stopped)
        return max(0.0, min(1.0, (until - self.started) / max(self.ends - self.started, 1)))


class Rescans:
    """The rescans of a week, newest last; the memory keeps them over a restart."""

    def __init__(self, world: World, clock: Clock, memory: Memory, seconds: float, stop_says_cancelled: bool) -> None:
        self.seconds = seconds
        self.next_results: deque[tuple[str, str | None]] = deque()
        self._world = world
        self._clock = clock
        self._memory = memory
        self._ids = Ids(f"{memory.seed}/{clock.now()}", "rescan")  # of this run: a restarted server repeats no id
        self._stop_says_cancelled = stop_says_cancelled
        self._all = {kept["id"]: Rescan(**kept) for kept in memory.rescans}
        self._count = 0
        self._lock = RLock()

    def start(self, replica_ids: list[str], names: list[str], user: str) -> Rescan:
        with self._lock:
            now = self._clock.now()
            result, message = self._outcome(replica_ids)
            self._count += 1
            rescan = Rescan(
                id=self._ids.of(self._count),
                usn=now // 1000,
                started=now,
                ends=now + round(self.seconds * SECOND),
                replica_ids=replica_ids,
                names=names,
                user=user,
                result=result,
                message=message,
            )
            self._all = {id: one for id, one in self._all.items() if one.ends > now - KEPT} | {rescan.id: rescan}
            self._keep()
            return rescan

    def stop(self, rescan: Rescan) -> None:
        """Ends as Failed, with an empty log and not marked as cancelled, as real ones do."""
        with self._lock:
            if rescan.stopped is None and self._clock.now() < rescan.ends:
                rescan.stopped = self._clock.now()
                rescan.result, rescan.message = "Failed", "The session was stopped."
                self._keep()

    def get(self, id: str) -> Rescan | None:
        return self._all.get(id)

    def all(self) -> list[Rescan]:
        return list(self._all.values())

    def settle(self) -> None:
        """Let what ended since the last look have its effect on the world."""
        with self._lock:
            now = self._clock.now()
            for rescan in [one for one in self._all.values() if not one.settled and now >= one.ended_at()]:
                rescan.settled = True
                if rescan.result != "Failed":
                    self._world.rescanned(rescan.replica_ids)
                self._keep()

    def _keep(self) -> None:
        self._memory.rescans = [asdict(rescan) for rescan in self._all.values()]
        self._memory.save()

    def record(self, rescan: Rescan, now: int) -> Record:
        state = rescan.state(now)
        percent = 100 if state == "Stopped" and rescan.stopped is None else int(rescan.share(now) * 100)
        found: Record = session_record(rescan.id, rescan.usn, rescan.user, self._clock.text(rescan.started))
        found |= {"state": state, "progressPercent": percent, "result": self._result(rescan, state)}
        if state == "Stopped":
            found["endTime"] = self._clock.text(rescan.ended_at())
        return found

    def log(self, rescan: Rescan, now: int) -> list[Record]:
        """The records so far; none for a session that was stopped."""
        if rescan.stopped is not None:
            return []
        steps = ["Starting rescan", *(f"Rescanning replica {name}" for name in rescan.names), _end(rescan)]
        shares = [STARTING_SHARE + (1 - STARTING_SHARE) * place / len(steps) for place in range(len(steps))]
        shares[-1] = 1.0
        span = rescan.ends - rescan.started
        times = [rescan.started + round(share * span) for share in shares] + [rescan.ends]
        last = len(steps) - 1
        return [
            self._line(place, title, times[place], times[place + 1], now, rescan if place == last else None)
            for place, title in enumerate(steps)
            if times[place] <= now
        ]

    def _line(self, place: int, title: str, began: int, ends: int, now: int, last: Rescan | None) -> Record:
        """One record; the last one carries the result of the rescan."""
        result = last.result if last else "Success"
        return {
            "id": place + 1,
            "status": {"Success": "Succeeded"}.get(result, result) if ends <= now else "None",
            "startTime": self._clock.text(began),
            "updateTime": self._clock.text(min(ends, now)),
            "title": title,
            "description": last.message if last and result != "Success" else "",
        }

    def _result(self, rescan: Rescan, state: str) -> Record:
        if state != "Stopped":
            return {"result": "None", "message": "", "isCanceled": False}
        cancelled = rescan.stopped is not None and self._stop_says_cancelled
        return {"result": rescan.result, "message": rescan.message, "isCanceled": cancelled}

    def _outcome(self, replica_ids: list[str]) -> tuple[str, str]:
        """As ordered by a test; else the worst that the habits of the replicas bring."""
        if self.next_results:
            result, message = self.next_results.popleft()
        else:
            members = [self._world.member(id) for id in replica_ids]
            result = max(
                (_BY_HABIT.get(m.habit, "Success") for m in members if m), key=_SEVERITY.index, default="Success"
            )
            message = None
        return result, MESSAGES.get(result, result) if message is None else message


def _end(rescan: Rescan) -> str:
    return {"Success": "Rescan has completed successfully", "Warning": "Rescan has completed with warnings"}.get(
        rescan.result, "Rescan has failed"
    )


def session_record(id: str, usn: int, user: str, created: str) -> Record:
    """What all sessions of type ConfigurationResynchronize share, the server's own among them."""
    return {
        "sessionType": "ConfigurationResynchronize",
        "id": id,
        "name": "Configuration Database Resynchronize",
        "jobId": id,
        "creationTime": created,
        "usn": usn,
        "initiatedBy": user,
        "relatedSessionId": ZERO_ID,
        "originalSessionId": id,
    }
