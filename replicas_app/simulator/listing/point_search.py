"""The list of points over a world that holds none of them: filters become intervals of positions."""

from array import array
from collections.abc import Callable, Iterable, Sequence

from .. import words
from ..revisions import Record
from ..world.cast import Replica, Vm
from ..world.points import PointTable, Selection
from .lists import POINTS, POINTS_OF_REPLICA
from .parser import Parser, any_parameter, pattern

_VM_COLUMNS: dict[str, Callable[[Vm], str]] = {
    "Name": lambda vm: vm.name.casefold(),
    "PlatformId": lambda vm: vm.platform_id,
    "ReplicaId": lambda vm: vm.replica.id,
}


class PointSearch:
    """One query. `within`: the path names a replica, whose list has no filter by malware status."""

    def __init__(
        self,
        table: PointTable,
        parser: Parser,
        wire: Callable[[Record], Record],
        member: Callable[[str], Replica | None],
        within: str | None,
    ) -> None:
        self._table = table
        self._parser = parser
        self._wire = wire
        self._member = member
        self._within = within

    def selection(self) -> Selection:
        """400 where the query does not parse."""
        listing = POINTS if self._within is None else POINTS_OF_REPLICA
        listing.tests(self._parser)
        column, descending = listing.order(self._parser)
        positions = self._ordered(self._found(column), column)
        return Selection(self._table, positions[::-1] if descending else positions)

    def _found(self, column: str) -> Sequence[int]:
        positions = self._in_time([vm for vm in self._candidates() if self._vm_fits(vm)], column == "CreationTime")
        if self._within is None and self._parser.has("malwareStatusFilter"):
            positions = self._with_status(positions)
        return self._named(positions) if self._parser.has("nameFilter") else positions

    def _candidates(self) -> list[Vm]:
        """The VMs of the replicas that the query names; all, if it names none."""
        asked = [self._within] if self._within else []
        asked += [self._parser.uuid("replicaIdFilter")] if self._parser.has("replicaIdFilter") else []
        if not asked:
            return self._table.vms
        replica = self._member(asked[0]) if len(set(asked)) == 1 else None
        return replica.vms if replica else []

    def _vm_fits(self, vm: Vm) -> bool:
        """The filters that ask for what all points of a VM share."""
        parser = self._parser
        if parser.has("platformIdFilter") and vm.platform_id != parser.uuid("platformIdFilter"):
            return False
        if not parser.has("platformNameFilter"):
            return True
        shown = self._wire({"platformName": vm.replica.platform})["platformName"]
        return shown == parser.word("platformNameFilter", parser.revision.known(words.PLATFORMS))

    def _in_time(self, vms: list[Vm], by_time: bool) -> Sequence[int]:
        after, before = self._moment("createdAfterFilter"), self._moment("createdBeforeFilter")
        is_timed = by_time or after is not None or before is not None
        if len(vms) == len(self._table.vms):
            return self._table.created_between(after, before) if is_timed else range(len(self._table))
        own = (position for vm in vms for position in self._table.positions_of(vm))
        if not is_timed:
            return array("I", own)
        timed = sorted((self._table.moment_at(position), position) for position in own)
        return array("I", (p for m, p in timed if (after is None or m >= after) and (before is None or m <= before)))

    def _with_status(self, positions: Iterable[int]) -> Sequence[int]:
        """The oldest revision has no word for Informative: such points are Clean to it."""
        status = self._parser.word("malwareStatusFilter", self._parser.revision.known(words.MALWARE))
        wanted = {status, "Informative"} if status == "Clean" and not self._parser.revision.place else {status}
        return array("I", (position for position in positions if self._table.status_at(position) in wanted))

    def _named(self, positions: Iterable[int]) -> Sequence[int]:
        fits = pattern(self._parser.text("nameFilter"))
        return array("I", (p for p in positions if any_parameter(self._wire(self._table.at(p)), fits)))

    def _ordered(self, positions: Sequence[int], column: str) -> Sequence[int]:
        if column not in _VM_COLUMNS:
            return positions
        ranked = sorted(self._table.vms, key=_VM_COLUMNS[column])
        rank = {vm.number: place for place, vm in enumerate(ranked)}
        return array("I", sorted(positions, key=lambda position: rank[self._table.vm_at(position).number]))

    def _moment(self, name: str) -> int | None:
        return self._parser.moment(name) if self._parser.has(name) else None
