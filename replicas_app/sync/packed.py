"""Records as the rows that `stage` copies.

What the client gives is fit for Postgres already (`vbr.bodies` replaces NUL and halves of surrogate pairs).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count
from struct import Struct

from replicas_app.sync.binary import columns, copied, moment, text, texts, uuids
from replicas_app.text import search_lines, sort_key
from replicas_app.vbr import PointRecord, ReplicaRecord

REPLICA_COLUMNS = columns(12)
_numbered = Struct("!iqi16s").pack
_point = Struct("!hiqi16si16s").pack
POINT_COLUMNS = 10


def packed_replicas(records: Sequence[ReplicaRecord], first: int) -> bytes:
    """`first`: the number of the first record."""
    ids = uuids(record.id for record in records)
    return copied(_replica(*row) for row in zip(count(first), ids, records, strict=False))


def packed_points(records: Sequence[PointRecord], first: int) -> bytes:
    """`first`: the number of the first record."""
    return copied(_points(records, first))


def _replica(number: int, id: bytes, record: ReplicaRecord) -> bytes:
    search = search_lines(
        record.name, record.id, record.type, record.job_id, record.policy_id, record.platform, record.platform_id,
        record.state,
    )  # fmt: skip
    values = (
        record.type, record.name, sort_key(record.name), record.job_id, record.policy_id, record.platform,
        record.platform_id, record.state, search,
    )  # fmt: skip
    return b"".join([REPLICA_COLUMNS, _numbered(8, number, 16, id), moment(record.created_at), *map(text, values)])


def _points(records: Sequence[PointRecord], first: int) -> Iterator[bytes]:
    ids, replica_ids = uuids(record.id for record in records), uuids(record.replica_id for record in records)
    for number, id, replica_id, record in zip(count(first), ids, replica_ids, records, strict=False):
        yield _point(POINT_COLUMNS, 8, number, 16, id, 16, replica_id)
        yield text(record.name)
        yield moment(record.created_at)
        yield common(*record[4:])


@lru_cache(maxsize=4096)
def common(platform: str, platform_id: str, state: str, malware: str, operations: tuple[str, ...]) -> bytes:
    """The columns of a point in which nearly all points are like many others, in this order."""
    return b"".join([*map(text, (platform, platform_id, state, malware)), texts(operations)])
