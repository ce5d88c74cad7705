"""Rows in the binary form of COPY, put together by hand: psycopg's own way takes twice as long for a row.

Postgres reads this form in half the time that text takes, and no text has to be escaped. It is documented under COPY,
“Binary Format”: a row is the number of its fields, a field its length and its bytes, all numbers in network order.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct

NULL = b"\xff\xff\xff\xff"
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TEXT = 25
"""What Postgres numbers the type of a text with."""

columns = Struct("!h").pack
"""The beginning of a row: of how many."""
_length = Struct("!i").pack
_bigint = Struct("!iq").pack
_dimension = Struct("!iiiii").pack


def copied(parts: Iterable[bytes]) -> bytes:
    """All that one COPY reads, of rows that may come in pieces."""
    return b"".join([_HEADER, *parts, _TRAILER])


def field(value: bytes) -> bytes:
    return _length(len(value)) + value


def text(value: str) -> bytes:
    """Fit for Postgres: without NUL and halves of surrogate pairs."""
    return field(value.encode())


def bigint(value: int) -> bytes:
    return _bigint(8, value)


def moment(value: datetime | None) -> bytes:
    return NULL if value is None else _bigint(8, microseconds(value))


def microseconds(moment: datetime) -> int:
    """As Postgres counts them: since the year 2000."""
    return (moment - _EPOCH) // _MICROSECOND


def texts(values: Sequence[str]) -> bytes:
    """An array of texts."""
    dimension = _dimension(1, 0, _TEXT, len(values), 1) if values else _dimension(0, 0, _TEXT, 0, 0)[:12]
    return field(dimension + b"".join(map(text, values)))


def uuids(ids: Iterable[str]) -> list[bytes]:
    """Their 16 bytes each, of ids in their usual spelling; all at once, in a third of the time."""
    digits = bytes.fromhex("".join(ids).replace("-", ""))
    return [digits[first : first + 16] for first in range(0, len(digits), 16)]
