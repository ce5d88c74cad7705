"""What all calls share: paths, one record, many pages."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from replicas_app.vbr.answers import Answer
from replicas_app.vbr.connection import Connection
from replicas_app.vbr.errors import Malformed
from replicas_app.vbr.listings import AllFromJson, FromJson, Known, Page, pages, record_of
from replicas_app.vbr.pace import FIRST, Pace
from replicas_app.vbr.queries import Value, query_of
from replicas_app.vbr.times import Clock

Record = TypeVar("Record")


class Calls:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _pages(
        self,
        path: str,
        query: Mapping[str, Value],
        from_json: FromJson[Record],
        skip: int,
        pace: Pace,
        known: Known | None = None,
        all_from_json: AllFromJson[Record] | None = None,
        first: int | None = None,
    ) -> Iterator[Page[Record]]:
        wanted = query_of(query)

        def fetch(skip: int, limit: int) -> Answer:
            unless = "timeout" if limit > FIRST else ""  # a smaller page comes sooner than the third try
            window = [("skip", str(skip)), ("limit", str(limit))]
            return self._connection.get_answer(path, [*window, *wanted], unless=unless)

        return pages(fetch, from_json, pace=pace, known=known, all_from_json=all_from_json, skip=skip, first=first)

    def _one(self, path: str, from_json: FromJson[Record]) -> Record:
        return read(self._connection.get(path), from_json)


def read(data: Any, from_json: FromJson[Record]) -> Record:
    """The one record that an answer is. Raises Malformed."""
    try:
        return record_of(data, from_json, Clock())
    except ValueError as error:
        reason = str(error)
    raise Malformed("answer", reason, status=200)


def path_of(*parts: str) -> str:
    """A path whose first part is ours and whose others are names or ids: they cannot lead elsewhere."""
    return "/".join((parts[0], *(quote(part, safe="") for part in parts[1:])))
