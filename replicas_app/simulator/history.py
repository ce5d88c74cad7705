"""Sessions that nobody here started: the server's own resynchronisations, and the runs of the replication jobs."""

from typing import Any

from .clock import MINUTE, SECOND, Clock
from .rescans import KEPT, session_record
from .revisions import Record
from .world import World
from .world.cast import RUN_OFFSET, ZERO_ID, Replica, Vm
from .world.ids import Ids
from .world.state import point_number

RESYNC_EVERY = 15 * MINUTE
RESYNC_TAKES = 40 * SECOND
MOST_RUNS = 20
MOST_RECORDS = 20_000
_GIGABYTE = 1 << 30


class History:
    """Worked out from the schedules, nothing is stored; `stopped` remembers what a client stopped."""

    def __init__(self, world: World, clock: Clock, seed: int | str) -> None:
        self._world = world
        self._clock = clock
        self._resync_ids = Ids(seed, "resynchronisation")
        self._resync_phase = self._resync_ids.noise(0) % (RESYNC_EVERY - MINUTE)
        self._run_ids = Ids(seed, "run")
        self._task_ids = Ids(seed, "task")
        self._stopped: dict[str, int] = {}
        self._ended: dict[int, Record] = {}
        vms = sum(len(replica.vms) for replica in world.cast) or 1
        self._runs_each = max(1, min(MOST_RUNS, MOST_RECORDS // vms))
        self._kept: tuple[Any, list[Record]] = (None, [])

    @property
    def version(self) -> Any:
        """Changes whenever a job's run or task did."""
        return self._world.moment, len(self._stopped)

    def all(self) -> list[Record]:
        return self._resyncs() + self._job_runs()

    def get(self, id: str) -> Record | None:
        """By id; None for one that is unknown or too old."""
        if (number := self._resync_ids.number(id)) is not None:
            return self._resync(number - RUN_OFFSET) if self._has_resync(number - RUN_OFFSET) else None
        if (number := self._run_ids.number(id)) is None or number >> 40 >= len(self._world.cast):
            return None
        replica, run = self._world.cast[number >> 40], (number & (1 << 40) - 1) - RUN_OFFSET
        return self.job_run(replica, run) if run in self._runs(replica) else None

    def stop(self, id: str) -> None:
        """Stops a session that still runs; one that has ended stays as it is."""
        found = self.get(id)
        if found and found["state"] != "Stopped":
            self._stopped[id] = self._clock.now()

    def log(self, session: Record) -> list[Record]:
        if session["id"] in self._stopped:
            return []
        lines = [(session["creationTime"], "Job started" if session["sessionType"] == "ReplicaJob" else "Starting")]
        if session["state"] == "Stopped":
            lines.append((session["endTime"], "Processing finished"))
        status = {"Success": "Succeeded"}.get(session["result"]["result"], session["result"]["result"])
        return [
            {
                "id": place + 1,
                "status": status if place else "Succeeded",
                "startTime": when,
                "updateTime": when,
                "title": title,
                "description": session["result"]["message"] if place else "",
            }
            for place, (when, title) in enumerate(lines)
        ]

    def tasks(self) -> list[Record]:
        """The newest runs of each job, one task per VM."""
        return [
            self._task(vm, replica, run)
            for replica in self._jobs()
            for run in list(self._runs(replica))[-self._runs_each :]
            for vm in replica.vms
        ]

    def last_run(self, replica: Replica) -> int | None:
        runs = self._runs(replica)
        return runs[-1] if runs else None

    def run_id(self, replica: Replica, run: int) -> str:
        return self._run_ids.of(replica.number << 40 | run + RUN_OFFSET)

    def job_run(self, replica: Replica, run: int) -> Record:
        began = replica.schedule.start(run)
        id = self.run_id(replica, run)
        share = min(1.0, (self._moment() - began) / replica.schedule.duration)
        result, message = self._outcome(replica, run)
        found: Record = {
            "sessionType": "ReplicaJob",
            "platformName": replica.platform,
            "platformId": ZERO_ID,
            "algorithm": "Increment",
            "id": id,
            "name": replica.name,
            "jobId": replica.job_id,
            "usn": (self._world.epoch + began) // 1000,
            "initiatedBy": "SYSTEM",
            "relatedSessionId": ZERO_ID,
            "originalSessionId": id,
            "progress": progress(replica, share),
        }
        return found | self._course(id, self._world.epoch + began, replica.schedule.duration, share, result, message)

    def _course(self, id: str, began: int, takes: int, share: float, result: str, message: str) -> Record:
        """State, progress, result and end of a session that is so far through."""
        stopped = self._stopped.get(id)
        found: Record = {"creationTime": self._clock.text(began), "progressPercent": int(share * 100)}
        if stopped is not None:
            result, message = "Failed", "The session was stopped."
        if share < 1 and stopped is None:
            waiting = {"result": "None", "message": "", "isCanceled": False}
            return found | {"state": "Starting" if share < 0.02 else "Working", "result": waiting}
        ended = {"result": result, "message": message, "isCanceled": False}
        end = self._clock.text(stopped if stopped is not None else began + takes)
        return found | {"state": "Stopped", "endTime": end, "result": ended}

    def _resyncs(self) -> list[Record]:
        now = self._clock.now()
        first, last = self._interval(now - KEPT) + 1, self._interval(now)
        return [self._resync(number) for number in range(first, last + 1) if self._has_resync(number)]

    def _interval(self, moment: int) -> int:
        return (moment - self._world.epoch) // RESYNC_EVERY

    def _resync_began(self, number: int) -> int:
        """A few seconds early or late."""
        jitter = self._resync_ids.noise(number + RUN_OFFSET) % (20 * SECOND)
        return self._world.epoch + number * RESYNC_EVERY + self._resync_phase + jitter

    def _has_resync(self, number: int) -> bool:
        return self._clock.now() - KEPT <= self._resync_began(number) <= self._clock.now()

    def _resync(self, number: int) -> Record:
        if number in self._ended:
            return self._ended[number]
        id = self._resync_ids.of(number + RUN_OFFSET)
        began = self._resync_began(number)
        takes = RESYNC_TAKES + self._resync_ids.noise(number + RUN_OFFSET) % (7 * SECOND) - 4 * SECOND
        share = min(1.0, (self._clock.now() - began) / takes)
        found = session_record(id, began // 1000, "SYSTEM" if number % 4 else ".\\SYSTEM", "")
        found |= self._course(id, began, takes, share, "Success", "Success")
        if share == 1:
            self._ended[number] = found
        return found

    def _job_runs(self) -> list[Record]:
        if self._kept[0] != self.version:
            runs = [self.job_run(replica, run) for replica in self._jobs() for run in self._runs(replica)]
            self._kept = (self.version, runs)
        return self._kept[1]

    def _jobs(self) -> list[Replica]:
        return [replica for replica in self._world.cast if replica.job_is_known]

    def _runs(self, replica: Replica) -> range:
        """The runs that are still listed, oldest first."""
        if not replica.job_is_known:
            return range(0)
        last = replica.schedule.last_started(self._moment())
        first = max(last - self._runs_each + 1, replica.schedule.last_started(self._moment() - KEPT) + 1)
        return range(first, last + 1)

    def _moment(self) -> int:
        return self._world.moment

    def _outcome(self, replica: Replica, run: int) -> tuple[str, str]:
        """Failed where a VM failed; a warning now and then."""
        failed = [vm.name for vm in replica.vms if self._has_failed(vm, replica, run)]
        if failed:
            return "Failed", f"Processing {failed[0]} Error: the source host is not reachable."
        if self._run_ids.noise(replica.number << 40 | run + RUN_OFFSET) % 40 == 0:
            return "Warning", "The target datastore is running low on free disk space."
        return "Success", "Success"

    def _has_failed(self, vm: Vm, replica: Replica, run: int) -> bool:
        return vm.schedule is not replica.schedule and vm.schedule.pause(replica.schedule.start(run)) is not None

    def _task(self, vm: Vm, replica: Replica, run: int) -> Record:
        number = vm.number << 40 | run + RUN_OFFSET
        began = replica.schedule.start(run)
        share = min(1.0, (self._moment() - began) / replica.schedule.duration)
        failed = self._has_failed(vm, replica, run)
        result = ("Failed", "The source host is not reachable.") if failed else ("Success", "Success")
        found: Record = {
            "type": "Replica",
            "id": self._task_ids.of(number),
            "name": vm.name,
            "sessionId": self.run_id(replica, run),
            "sessionType": "ReplicaJob",
            "usn": (self._world.epoch + began) // 1000,
            "algorithm": "Increment",
            "progress": progress(replica, share),
        }
        if point := self._point_of(vm, replica, run, share, failed):
            found |= {"replicaPointId": point, "replicaPointReference": f"/api/v1/replicaPoints/{point}"}
        course = self._course("", self._world.epoch + began, replica.schedule.duration, share, *result)
        del course["progressPercent"]
        return found | course

    def _point_of(self, vm: Vm, replica: Replica, run: int, share: float, failed: bool) -> str | None:
        """The point that a task made."""
        if failed or share < 1:
            return None
        own = run
        if vm.schedule is not replica.schedule:
            own = vm.schedule.last_started(replica.schedule.start(run))
        return self._world.point_ids.of(point_number(vm, own))


def progress(replica: Replica, share: float) -> Record:
    seconds = int(replica.schedule.duration * share) // SECOND
    size = 40 * _GIGABYTE * max(len(replica.vms), 1)
    return {
        "bottleneck": "Source",
        "duration": f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}",
        "processingRate": "166.3 MB/s",
        "processedSize": int(size * share),
        "readSize": int(size * share) // 20,
        "transferredSize": int(size * share) // 45,
        "progressPercent": int(share * 100),
    }
