"""The list of points over a world that holds none of them: filters become intervals and positions."""

from array import array
from collections.abc import Callable, Iterable, Sequence

from .lists import POINTS, POINTS_OF_REPLICA
from .query import Parser, any_parameter, pattern
from .revisions import Record
from .world.cast import Vm
from .world.points import PointTable, Selection


def select_points(
    points: PointTable | list[Record], parser: Parser, wire: Callable[[Record], Record], replica_id: str | None
) -> Sequence[Record]:
    """All points (`replica_id` None) or those of one replica, as the query filters and orders them."""
    listing = POINTS if replica_id is None else POINTS_OF_REPLICA
    if isinstance(points, PointTable):
        listing.tests(parser)  # a bad value is refused before anything is worked out
        return _Search(points, parser, wire, replica_id).selection(*listing.order(parser))
    own = [wire(point) for point in points if replica_id is None or point.get("replicaId") == replica_id]
    return listing.select(own, parser)


class _Search:
    def __init__(
        self, table: PointTable, parser: Parser, wire: Callable[[Record], Record], replica_id: str | None
    ) -> None:
        self._table = table
        self._parser = parser
        self._wire = wire
        self._replica_id = replica_id

    def selection(self, column: str, descending: bool) -> Selection:
        positions = self._ordered(self._found(column), column)
        return Selection(self._table, positions[::-1] if descending else positions)

    def _found(self, column: str) -> Sequence[int]:
        vms = [vm for vm in self._table.vms if self._vm_fits(vm)]
        positions = self._in_time(vms, column == "CreationTime")
        if self._replica_id is None and self._parser.has("malwareStatusFilter"):
            positions = self._with_status(positions)
        if self._parser.has("nameFilter"):
            positions = self._named(positions)
        return positions

    def _in_time(self, vms: list[Vm], by_time: bool) -> Sequence[int]:
        after, before = self._moment("createdAfterFilter"), self._moment("createdBeforeFilter")
        if len(vms) == len(self._table.vms):
            if not by_time and after is None and before is None:
                return range(len(self._table))
            return self._table.created_between(after, before)
        own = (position for vm in vms for position in self._table.positions_of(vm))
        timed = [(self._table.moment_at(position), position) for position in own]
        if by_time:
            timed.sort()
        return array("I", (p for m, p in timed if (after is None or m >= after) and (before is None or m <= before)))

    def _with_status(self, positions: Iterable[int]) -> Sequence[int]:
        status = self._parser.word("malwareStatusFilter", ["Clean", "Suspicious", "Infected", "Informative"])
        wanted = {status, "Informative"} if status == "Clean" and not self._parser.revision.place else {status}
        return array("I", (position for position in positions if self._table.status_at(position) in wanted))

    def _named(self, positions: Iterable[int]) -> Sequence[int]:
        fits = pattern(self._parser.text("nameFilter"))
        return array("I", (p for p in positions if any_parameter(self._wire(self._table.at(p)), fits)))

    def _ordered(self, positions: Sequence[int], column: str) -> Sequence[int]:
        keys: dict[str, Callable[[Vm], str]] = {
            "Name": lambda vm: vm.name.casefold(),
            "PlatformId": lambda vm: vm.platform_id,
            "ReplicaId": lambda vm: vm.replica.id,
        }
        if column not in keys:
            return positions
        ranked = sorted(self._table.vms, key=keys[column])
        rank = {vm.number: place for place, vm in enumerate(ranked)}
        return array("I", sorted(positions, key=lambda position: rank[self._table.vm_at(position).number]))

    def _vm_fits(self, vm: Vm) -> bool:
        """The filters that ask for what all points of a VM share."""
        parser, replica = self._parser, vm.replica
        if self._replica_id is not None and replica.id != self._replica_id:
            return False
        if parser.has("replicaIdFilter") and replica.id != parser.uuid("replicaIdFilter"):
            return False
        if parser.has("platformIdFilter") and vm.platform_id != parser.uuid("platformIdFilter"):
            return False
        if not parser.has("platformNameFilter"):
            return True
        shown = self._wire({"platformName": replica.platform})["platformName"]
        return shown.lower() == parser.text("platformNameFilter").strip().lower()

    def _moment(self, name: str) -> int | None:
        return self._parser.moment(name) if self._parser.has(name) else None
