"""All restore points of a world at one moment, without holding them: a position becomes a record when it is asked for.

A point is (VM, run): which runs a VM still has is an interval, so a million points are one interval per VM. Listings
are `Selection`s: a sequence of positions that turns into records by the slice.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

from ..clock import MINUTE, SECOND, Clock
from .cast import RUN_OFFSET, Replica, Vm
from .ids import Ids
from .state import malware, operations, point_number, point_state, replica_state

Record = dict[str, Any]


class PointTable:
    """The points at `moment` (microseconds since the epoch of the world)."""

    def __init__(
        self,
        cast: list[Replica],
        moment: int,
        epoch: int,
        ids: Ids,
        clock: Clock,
        seen_at: Callable[[Replica, int], int],
        away: Collection[str] = (),
    ) -> None:
        """`away`: the ids of replicas whose points are not there."""
        self._moment = moment
        self._epoch = epoch
        self._ids = ids
        self._clock = clock
        self._vms = [vm for replica in cast for vm in replica.vms]
        self._states = [replica_state(replica, moment) for replica in cast]
        self._last = [vm.schedule.last_finished(seen_at(vm.replica, moment)) for vm in self._vms]
        self._counts = [0 if vm.replica.id in away else vm.keeps for vm in self._vms]
        self._ends = list(accumulate(self._counts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def record(self, vm: Vm, run: int) -> Record:
        """The point as the API of the newest revision has it, its type words apart."""
        replica, number = vm.replica, point_number(vm, run)
        noise = self._ids.noise(number)
        state = point_state(vm, run == self._last[vm.number], self._states[replica.number])
        created = created_at(vm, run, noise)
        found: Record = {
            "id": self._ids.of(number),
            "name": vm.name,
            "platformName": replica.platform,
            "platformId": vm.platform_id,
            "creationTime": self._clock.text(self._epoch + created),
            "replicaId": replica.id,
            "allowedOperations": list(operations(replica.platform, state)),
        }
        if state:
            found["state"] = state
        if status := malware(vm, run, self._moment - created, noise):
            found["malwareStatus"] = status
        return found

    def by_id(self, text: str) -> Record | None:
        number = self._ids.number(text)
        if number is None or number >> 40 >= len(self._vms):
            return None
        vm, run = self._vms[number >> 40], (number & (1 << 40) - 1) - RUN_OFFSET
        return self.record(vm, run) if run in self.runs(vm) else None

    def runs(self, vm: Vm) -> range:
        """The runs of which the VM still has the point."""
        last = self._last[vm.number]
        return range(last - self._counts[vm.number] + 1, last + 1)

    def at(self, position: int) -> Record:
        return self.record(*self._place(position))

    def vm_at(self, position: int) -> Vm:
        return self._vms[bisect_right(self._ends, position)]

    def moment_at(self, position: int) -> int:
        """When the point was created."""
        return self._epoch + self._created(*self._place(position))

    def status_at(self, position: int) -> str | None:
        """The malware status alone, for a filter over all points."""
        vm, run = self._place(position)
        noise = self._ids.noise(point_number(vm, run))
        return malware(vm, run, self._moment - created_at(vm, run, noise), noise)

    def _created(self, vm: Vm, run: int) -> int:
        return created_at(vm, run, self._ids.noise(point_number(vm, run)))

    def _place(self, position: int) -> tuple[Vm, int]:
        number = bisect_right(self._ends, position)
        return self._vms[number], self._last[number] - (self._ends[number] - 1 - position)

    def positions_of(self, vm: Vm) -> range:
        end = self._ends[vm.number]
        return range(end - self._counts[vm.number], end)

    @property
    def vms(self) -> list[Vm]:
        return self._vms

    @cached_property
    def _by_time(self) -> tuple["array[int]", "array[int]"]:
        """Moments of creation, ascending, and the positions in that order."""
        times = (self._epoch + self._created(vm, run) for vm in self._vms for run in self.runs(vm))
        keys = sorted(moment << 32 | position for position, moment in enumerate(times))
        moments, positions = array("q"), array("I")
        moments.extend(key >> 32 for key in keys)
        positions.extend(key & 0xFFFFFFFF for key in keys)
        return moments, positions

    def created_between(self, after: int | None, before: int | None) -> "array[int]":
        """Positions in the order of creation; both ends count."""
        moments, positions = self._by_time
        first = 0 if after is None else bisect_left(moments, after)
        last = len(moments) if before is None else bisect_right(moments, before)
        return positions[first:last]


def created_at(vm: Vm, run: int, noise: int) -> int:
    """Within the run, later for each next VM; one in eight on a whole second, one in eight with fewer digits."""
    schedule, chance = vm.schedule, noise >> 61
    moment = schedule.start(run) + vm.number % 16 * schedule.duration // 32 + noise % MINUTE // 4
    if chance > 1:
        return moment
    return moment - moment % (10 if chance else SECOND)


class Selection(Sequence[Record]):
    """Points that were asked for, in the order asked for; a slice of it makes their records."""

    def __init__(self, table: PointTable, positions: Sequence[int]) -> None:
        self._table = table
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, wanted: Any) -> Any:
        if isinstance(wanted, slice):
            return [self._table.at(position) for position in self._positions[wanted]]
        return self._table.at(self._positions[wanted])

    def __iter__(self) -> Iterator[Record]:
        return (self._table.at(position) for position in self._positions)
