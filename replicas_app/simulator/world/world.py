"""The world of one simulated backup server at any moment: alive, still, or changed by hand in a test."""

from dataclasses import dataclass
from threading import RLock
from typing import Any

from ..clock import SECOND, Clock
from ..memory import Memory
from .cast import Habit, PointCounts, Replica, cast
from .ids import Ids
from .points import PointTable, Record, Selection
from .state import replica_state

STEP_SECONDS = 5
LARGE_STEP_SECONDS = 60
LARGE = 20_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is: VMs per replica, points per VM (above 1,000: points in the whole world)."""

    replicas: int
    vms: int
    points: int


@dataclass(frozen=True, slots=True)
class View:
    """What the API reads during one request. `version` changes whenever anything did; None: it may change any time."""

    moment: int
    version: Any
    replicas: list[Record]
    points: PointTable | list[Record]


class World:
    """`still`: its moment stays the epoch, and `replicas` and `points` are lists of dicts that tests may change."""

    def __init__(self, seed: int | str, sizes: Sizes, *, clock: Clock, memory: Memory, still: bool) -> None:
        self.clock = clock
        self.epoch = memory.epoch
        self._memory = memory
        self.still = still
        counts = PointCounts(sizes.replicas, sizes.vms, sizes.points)
        self.cast = cast(seed, sizes.replicas, sizes.vms, counts)
        self.seen = memory.seen
        self.away: set[str] = set()
        """Ids of replicas that the server does not know at present, nor their points. Tests change it."""
        is_large = sum(len(replica.vms) for replica in self.cast) >= LARGE
        self._step = (LARGE_STEP_SECONDS if is_large else STEP_SECONDS) * SECOND
        self.point_ids = Ids(seed, "point")
        self._replica_ids = Ids(seed, "replica")
        self._lock = RLock()
        self._view: View | None = None
        self._replicas: list[Record] | None = None
        self._points: list[Record] | None = None

    @property
    def replicas(self) -> list[Record]:
        """All replicas now. Of a still world: the list itself, changes of it are served."""
        self._materialise()
        return self._replicas if self._replicas is not None else list(self.view().replicas)

    @replicas.setter
    def replicas(self, replicas: list[Record]) -> None:
        self._materialise()
        self._replicas = replicas

    @property
    def points(self) -> list[Record]:
        """All points now, like `replicas`."""
        self._materialise()
        return self._points if self._points is not None else list(_all(self.view().points))

    @points.setter
    def points(self, points: list[Record]) -> None:
        self._materialise()
        self._points = points

    def view(self) -> View:
        """What there is at this moment."""
        with self._lock:
            if self._replicas is not None and self._points is not None:
                return View(0, None, list(self._replicas), list(self._points))
            moment = self.moment
            if self._view is None or self._view.version != self._version(moment):
                self._view = self._made(moment)
            return self._view

    def member(self, replica_id: str) -> Replica | None:
        number = self._replica_ids.number(replica_id)
        return self.cast[number] if number is not None and number < len(self.cast) else None

    def rescanned(self, replica_ids: list[str]) -> None:
        """A rescan has ended well: what it found is there from now on, what it missed is gone."""
        members = [member for id in replica_ids if (member := self.member(id)) and member.habit is Habit.UNSEEN]
        with self._lock:
            before = self._points_of(members)
            self.seen.update({member.id: self.clock.now() - self.epoch for member in members})
            self._memory.save()
            if self._points is not None:
                self._swap(before, self._points_of(members))

    def _points_of(self, members: list[Replica]) -> dict[str, Record]:
        """The points of some replicas as the schedules have them, by id."""
        table = self._table(self.moment)
        records = (table.record(vm, run) for member in members for vm in member.vms for run in table.runs(vm))
        return {record["id"]: record for record in records}

    def _swap(self, before: dict[str, Record], after: dict[str, Record]) -> None:
        """Change the list of a still world by the difference alone: the rest may have been changed by a test."""
        kept = [point for point in self._points or () if point.get("id") not in before.keys() - after.keys()]
        self._points = kept + [after[id] for id in after if id not in before]

    @property
    def moment(self) -> int:
        """Since the epoch, in steps: between two steps nothing moves, so that listings can be kept."""
        if self.still:
            return 0
        return (self.clock.now() - self.epoch) // self._step * self._step

    def _version(self, moment: int) -> Any:
        return moment, len(self.seen), sum(self.seen.values()), frozenset(self.away)

    def _made(self, moment: int) -> View:
        records = [self._record(replica, moment) for replica in self.cast if replica.id not in self.away]
        return View(moment, self._version(moment), records, self._table(moment))

    def _table(self, moment: int) -> PointTable:
        return PointTable(self.cast, moment, self.epoch, self.point_ids, self.clock, self._seen_at, self.away)

    def _seen_at(self, replica: Replica, moment: int) -> int:
        """Until when the server knows of a replica's points: now, or its last rescan where those alone tell it."""
        if replica.habit is not Habit.UNSEEN:
            return moment
        never = -3 * replica.schedule.period
        return min(max(self.seen.get(replica.id, never), never), max(moment, 0)) if replica.vms else moment

    def _record(self, replica: Replica, moment: int) -> Record:
        found: Record = {
            "id": replica.id,
            "type": "CDP" if replica.is_cdp else "Regular",
            "jobId": replica.job_id,
            "name": replica.name,
            "platformName": replica.platform,
        }
        if replica.policy:
            found["policyUniqueId"] = replica.policy
        if replica.platform_id:
            found["platformId"] = replica.platform_id
        if state := replica_state(replica, moment):
            found["creationTime"] = self.clock.text(self.epoch - replica.age)
            found["state"] = state
        return found

    def _materialise(self) -> None:
        with self._lock:
            if self.still and self._replicas is None:
                view = self.view()
                self._replicas, self._points = view.replicas, list(_all(view.points))


def _all(points: PointTable | list[Record]) -> Any:
    return Selection(points, range(len(points))) if isinstance(points, PointTable) else points
