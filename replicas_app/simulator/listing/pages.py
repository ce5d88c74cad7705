"""Pages of lists as JSON; what was worked out for one is kept while nothing moves."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from ..exchange import encoded
from ..revisions import Record

KEPT_SELECTIONS = 8


class Pages:
    """Pages of lists as JSON, kept while what they show has the same version."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bodies: OrderedDict[Any, bytes] = OrderedDict()
        self._selections: OrderedDict[Any, Sequence[Record]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def selection(self, key: Any, make: Callable[[], Sequence[Record]]) -> Sequence[Record]:
        """What a query selects; `key` None keeps nothing."""
        with self._lock:
            if key is not None and key in self._selections:
                return self._selections[key]
        found = make()
        if key is not None:
            with self._lock:
                self._selections[key] = found
                if len(self._selections) > KEPT_SELECTIONS:
                    self._selections.popitem(last=False)
        return found

    def body(self, key: Any, make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key is not None and key in self._bodies:
                self._bodies.move_to_end(key)
                return self._bodies[key]
        body = make()
        if key is not None:
            self._keep(key, body)
        return body

    def _keep(self, key: Any, body: bytes) -> None:
        with self._lock:
            self._bytes += len(body) - len(self._bodies.pop(key, b""))
            self._bodies[key] = body
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._bodies.popitem(last=False)[1])


def page(found: Sequence[Record], paging: tuple[int, int], wire: Callable[[Record], Record] | None) -> bytes:
    """Records `skip` to `skip + limit`, spelled by `wire` where that is still to be done."""
    skip, limit = paging
    data = found[skip : skip + limit]
    if wire is not None:
        data = [wire(record) for record in data]
    return encoded({"data": data, "pagination": pagination(len(found), len(data), skip, limit)})


def pagination(total: int, count: int, skip: int, limit: int) -> dict[str, int]:
    return {"total": total, "count": count, "skip": skip, "limit": limit}
