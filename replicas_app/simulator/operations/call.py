"""What every operation gets, and how it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ..accounts import Right, User
from ..backend import Backend
from ..errors import malformed
from ..exchange import Answer, Request, encoded
from ..listing import Listing, Parser, page, uuid_text
from ..revisions import Record, Revision

Wire = Callable[[Record], Record]


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has passed version, path, login and role. `ids` are the parameters in its path."""

    request: Request
    backend: Backend
    revision: Revision
    user: User | None
    token: str
    ids: dict[str, str]

    @property
    def parser(self) -> Parser:
        return Parser(self.request.query, self.revision, self.backend.clock)

    def id(self, name: str = "id") -> str:
        return uuid_text(self.ids[name], name)

    def json_body(self) -> Any:
        """An absent body is an empty object; what is no JSON is 400."""
        if not self.request.body.strip():
            return {}
        if "json" not in self.request.headers.get("content-type", "").lower():
            raise malformed("The content type must be application/json.")
        try:
            return orjson.loads(self.request.body)
        except orjson.JSONDecodeError:
            raise malformed("The request body is not valid JSON.") from None


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is a template as in the contract."""

    method: str
    path: str
    right: Right
    run: Callable[[Call], Answer]


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(status=status, body=encoded(value))


def as_list(call: Call, listing: Listing, records: Callable[[], Sequence[Record]], wire: Wire, version: Any) -> Answer:
    """One page of the records that the query selects."""
    return as_page(call, lambda: listing.select([wire(record) for record in records()], call.parser), None, version)


def as_page(call: Call, select: Callable[[], Sequence[Record]], wire: Wire | None, version: Any) -> Answer:
    """One page of a selection. With a version, both are kept: for the next page, and for the next reader."""
    pages = call.backend.pages
    paging = call.parser.paging(call.backend.manners.max_limit)
    key = None if version is None else (call.request.path, version, call.revision.place, _asked(call.request))
    body = pages.body(key and (key, paging), lambda: page(pages.selection(key, select), paging, wire))
    return Answer(body=body)


def _asked(request: Request) -> tuple[Any, ...]:
    paging = {"skip", "limit"}
    return tuple(sorted((name, tuple(values)) for name, values in request.query.items() if name.lower() not in paging))
