"""What an action is made of, and what kinds of values a rule takes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..backend import Backend
from ..exchange import Answer, Request
from ..revisions import REVISIONS

Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of value a key takes, in words and as a test."""

    words: str
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_whole(value: Any) -> bool:
    return _is_number(value) and isinstance(value, int)


ANY = Kind("anything", lambda value: True)
TEXT = Kind("a text", lambda value: isinstance(value, str))
NUMBER = Kind("a number from 0 on", _is_number)
WHOLE = Kind("a whole number from 0 on", _is_whole)
PLACE = Kind("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool))
STATUS = Kind("a status from 200 to 599", lambda value: _is_whole(value) and 200 <= value <= 599)
TABLE = Kind("a mapping", lambda value: isinstance(value, dict))
VERSIONS = Kind(
    f"a list of {', '.join(REVISIONS)}",
    lambda value: isinstance(value, list) and bool(value) and all(one in REVISIONS for one in value),
)


@dataclass(frozen=True, slots=True)
class Happening:
    """The request that a rule is set off by, and the server that it hits."""

    request: Request
    backend: Backend
    renew_certificate: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Action:
    """`keys`: what a rule may say besides the common keys, and what kind of value that is; `needs`: what it must."""

    keys: Mapping[str, Kind] = field(default_factory=dict)
    needs: Collection[str] = ()
    before: Callable[[Given, Happening], Answer | None] | None = None
    change: Callable[[Given, Happening, Answer], Answer] | None = None
