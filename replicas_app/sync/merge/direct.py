"""The first points of a server: nothing can be there to compare them with, so they go straight to their table.

Their replicas and VMs get their keys here, in Python. That spares Postgres staging each point, looking for it and
finding its VM, which together take as long as storing it.
"""

from collections.abc import Iterator, Sequence
from typing import LiteralString

from django.db import connection, transaction
from psycopg.errors import UniqueViolation

from replicas_app.sync.lines import common, moments
from replicas_app.sync.merge.counts import Counts
from replicas_app.sync.merge.points import vm_line
from replicas_app.sync.merge.statements import Statements
from replicas_app.vbr import PointRecord

KEYS_AT_ONCE = 10_000
"""Keys of a sequence that nobody uses cost nothing."""


class CameTwice(Exception):
    """A point came a second time, so what came has to be compared after all."""


class DirectPoints:
    """The replicas of the server have their keys already; `lines` may be called in another thread."""

    def __init__(self, statements: Statements) -> None:
        self._tail = f"\t{statements.values['now'].isoformat()}\n"
        self._server = str(statements.values["server"])
        self._replicas = dict(statements.rows("SELECT uuid::text, id FROM every_replica"))
        self._places: dict[tuple[str, str], str] = {}
        self._new_vms: list[str] = []
        self._keys = _keys_of_vms()
        self.orphans = self.stored = 0
        self._before = transaction.savepoint()

    def lines(self, records: Sequence[PointRecord], first: int) -> bytes:
        """For `store`. Points of a replica that nobody knows are left out and counted."""
        lines = [line for record in zip(records, moments(records), strict=False) if (line := self._line(*record))]
        self.orphans += len(records) - len(lines)
        self.stored += len(lines)
        return "".join(lines).encode()

    def store(self, lines: bytes) -> None:
        """Raises CameTwice; then the transaction stands as before the first of them."""
        try:
            with connection.cursor() as cursor, cursor.copy(COPY_POINTS) as copy:
                copy.write(lines)
        except UniqueViolation as error:
            transaction.savepoint_rollback(self._before)
            raise CameTwice from error

    def finish(self, statements: Statements, counts: Counts) -> None:
        """What `points.take` leaves behind: the new VMs, all of them touched."""
        with connection.cursor() as cursor, cursor.copy(COPY_VMS) as copy:
            copy.write("".join(self._new_vms))
        statements.run("INSERT INTO touched_vm SELECT id FROM new_vm")
        counts.orphans += self.orphans
        counts.points_added += self.stored

    def _line(self, record: PointRecord, created_at: str) -> str:
        """Empty for a point whose replica nobody knows."""
        id, name, replica_id, _, platform, platform_id, state, malware, operations = record
        place = self._places.get((replica_id, name)) or self._place(replica_id, name)
        if not place:
            return ""
        values = common(state, malware, platform, platform_id, operations)
        return f"{place}\t{id}\t{created_at}\t{values}{self._tail}"

    def _place(self, replica_id: str, name: str) -> str:
        """The first columns of the points of this VM, which gets its key now."""
        if (replica := self._replicas.get(replica_id)) is None:
            return ""
        vm = next(self._keys)
        self._new_vms.append(f"{vm}\t{vm_line(replica, name)}")
        place = self._places[replica_id, name] = f"{self._server}\t{replica}\t{vm}"
        return place


def _keys_of_vms() -> Iterator[str]:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(NEXT_KEYS, [KEYS_AT_ONCE])
            keys = cursor.fetchall()
        yield from (str(key) for (key,) in keys)


NEXT_KEYS: LiteralString = "SELECT nextval(pg_get_serial_sequence('replica_vm', 'id')) FROM generate_series(1, %s)"
COPY_POINTS: LiteralString = (
    "COPY restore_point (server_id, replica_id, vm_id, uuid, created_at, state, malware, platform, platform_id,"
    " operations, first_seen_at) FROM STDIN"
)
COPY_VMS: LiteralString = "COPY new_vm (id, replica_id, name, sort_key, search) FROM STDIN"
