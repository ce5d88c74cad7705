"""The rows of one page of a listing, taken out of an answer without looking into them.

msgspec walks over them in a tenth of the time that it takes to make data of them, which a page that is known already
never needs. Where an answer is not as the documents have it, it is read as tolerantly as all others (`bodies`).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from replicas_app.vbr.answers import Answer
from replicas_app.vbr.bodies import parse_json
from replicas_app.vbr.errors import Malformed

FORMAT = b"records 2"
"""Part of every digest. Changed whenever the same answer would make other records than before."""
SLICE = 500
"""Rows that are made data of at once. Between slices other threads have a turn: the one that feeds Postgres stood still
while a page of 10,000 was decoded in one piece, and a first read took an eighth longer."""


class _Pagination(msgspec.Struct):
    total: int | None = None


class _Listing(msgspec.Struct):
    data: list[msgspec.Raw]
    pagination: _Pagination | None = None


_decode = msgspec.json.Decoder(_Listing).decode


@dataclass(frozen=True, slots=True)
class Rows:
    total: int | None
    """Rows of the whole listing as this page says; None where it does not."""
    count: int
    ends: tuple[Any, ...]
    """The first row and the last one, to compare with those of another page."""
    digest: bytes
    """16 bytes: equal for pages with the same rows, whatever they say of the listing as a whole. Of one that had to be
    read tolerantly every byte counts."""
    raw: Sequence[msgspec.Raw] = ()
    """The rows as they came; none where `given` holds them."""
    given: tuple[Any, ...] = ()

    def slices(self) -> Iterator[bytes]:
        """The rows as they came, as some JSON arrays; none where `given` holds them."""
        return (_array(self.raw[first : first + SLICE]) for first in range(0, len(self.raw), SLICE))

    def as_data(self) -> list[Any]:
        """Raises Malformed."""
        if not self.raw:
            return list(self.given)
        try:
            return parse_json(_array(self.raw))
        except ValueError:
            malformed = Malformed("answer", "it is no JSON", status=200)
        raise malformed  # outside of the handler: the exception that it came from holds the whole text


def rows_of(answer: Answer) -> Rows:
    """Raises Malformed."""
    try:
        listing = _decode(answer.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return _read_tolerantly(answer)
    rows, total = listing.data, listing.pagination.total if listing.pagination else None
    ends = _ends([*map(bytes, (*rows[:1], *rows[-1:]))])
    return Rows(count_in(total), len(rows), ends, _digest_of(b"[", b",".join(rows), b"]"), raw=rows)


def _read_tolerantly(answer: Answer) -> Rows:
    data = answer.json()
    rows, pagination = list_in(data, "data"), data.get("pagination")
    total = count_in(pagination.get("total")) if isinstance(pagination, dict) else None
    return Rows(total, len(rows), _ends(rows), _digest_of(answer.body), given=tuple(rows))


def list_in(data: Any, key: str) -> list[Any]:
    """Raises Malformed."""
    rows = data.get(key) if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise Malformed("answer", f"a listing without its list “{key}”", status=200)
    return rows


def count_in(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _array(rows: Sequence[msgspec.Raw]) -> bytes:
    return b"[%b]" % b",".join(rows)


def _ends(rows: list[Any]) -> tuple[Any, ...]:
    return (*rows[:1], *rows[-1:])


def _digest_of(*text: bytes) -> bytes:
    """Of a text in pieces: putting brackets around some megabytes takes as long as hashing half of them."""
    digest = hashlib.blake2b(digest_size=16, person=FORMAT)
    for piece in text:
        digest.update(piece)
    return digest.digest()
