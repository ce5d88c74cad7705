"""The first points of a server: nothing can be there to compare them with, so they go straight to their table.

Their replicas and VMs get their keys here, in Python. That spares Postgres staging each point, looking for it and
finding its VM, which together take as long as storing it.
"""

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import LiteralString

from django.db import connection, transaction
from psycopg.errors import UniqueViolation

from replicas_app.sync.binary import bigint, columns, copied, microseconds, moment, uuids
from replicas_app.sync.merge.counts import Counts
from replicas_app.sync.merge.points import vm_names
from replicas_app.sync.merge.statements import Statements
from replicas_app.sync.packed import common
from replicas_app.vbr import PointRecord

KEYS_AT_FIRST = 1_000
"""Then twice as many each time: a key takes Postgres 3 µs, and a question beside a busy COPY some milliseconds."""


class CameTwice(Exception):
    """A point came a second time, so what came has to be compared after all."""


class DirectPoints:
    """The replicas of the server have their keys already; `packed` may be called in another thread."""

    def __init__(self, statements: Statements) -> None:
        self._head = POINT_COLUMNS + bigint(statements.values["server"])
        self._tail = moment(statements.values["now"])
        self._replicas = dict(statements.rows("SELECT uuid::text, id FROM every_replica"))
        self._places: dict[tuple[str, str], bytes] = {}
        self._new_vms: list[bytes] = []
        self._keys = _keys_of_vms()
        self.orphans = self.stored = 0
        self._before = transaction.savepoint()

    def packed(self, records: Sequence[PointRecord], first: int) -> bytes:
        """For `store`. Points of a replica that nobody knows are left out and counted."""
        places, parts = self._places, []
        for id, record in zip(uuids(record.id for record in records), records, strict=True):
            _, name, replica_id, created_at, platform, platform_id, state, malware, operations = record
            if place := places.get((replica_id, name)) or self._place(replica_id, name):
                made = _identity(16, id, 8, microseconds(created_at))
                parts += (place, made, common(platform, platform_id, state, malware, operations), self._tail)
        stored = len(parts) // PARTS
        self.stored += stored
        self.orphans += len(records) - stored
        return copied(parts)

    def store(self, rows: bytes) -> None:
        """Raises CameTwice; then the transaction stands as before the first of them."""
        try:
            with connection.cursor() as cursor, cursor.copy(COPY_POINTS) as copy:
                copy.write(rows)
        except UniqueViolation as error:
            transaction.savepoint_rollback(self._before)
            raise CameTwice from error

    def finish(self, statements: Statements, counts: Counts) -> None:
        """What `points.take` leaves behind: the new VMs, all of them touched."""
        with connection.cursor() as cursor, cursor.copy(COPY_VMS) as copy:
            copy.write(copied(self._new_vms))
        statements.run("INSERT INTO touched_vm SELECT id FROM new_vm")
        counts.orphans += self.orphans
        counts.points_added += self.stored

    def _place(self, replica_id: str, name: str) -> bytes:
        """The first columns of the points of this VM, which gets its key now; empty where nobody knows the replica."""
        if (replica := self._replicas.get(replica_id)) is None:
            return b""
        vm, replica_key = bigint(next(self._keys)), bigint(replica)
        self._new_vms.append(VM_COLUMNS + vm + replica_key + vm_names(name))
        place = self._places[replica_id, name] = self._head + replica_key + vm
        return place


def _keys_of_vms() -> Iterator[int]:
    number = KEYS_AT_FIRST
    while True:
        with connection.cursor() as cursor:
            cursor.execute(NEXT_KEYS, [number])
            keys = cursor.fetchall()
        yield from (key for (key,) in keys)
        number *= 2


NEXT_KEYS: LiteralString = "SELECT nextval(pg_get_serial_sequence('replica_vm', 'id')) FROM generate_series(1, %s)"
COPY_POINTS: LiteralString = (
    "COPY restore_point (server_id, replica_id, vm_id, uuid, created_at, platform, platform_id, state, malware,"
    " operations, first_seen_at) FROM STDIN (FORMAT binary)"
)
POINT_COLUMNS = columns(11)
PARTS = 4
"""Of a row: where it stands, what it is and when it was made, what many are like, and when it was first seen."""
_identity = Struct("!i16siq").pack
COPY_VMS: LiteralString = "COPY new_vm (id, replica_id, name, sort_key, search) FROM STDIN (FORMAT binary)"
VM_COLUMNS = columns(5)
