"""What a page says of a query string: chips, fields, and where else to look."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

TOLD_ONE_BY_ONE = 3


@dataclass(frozen=True)
class Chip:
    """One thing that is asked for, and where the same list stands without it."""

    name: str
    words: str
    href: str


@dataclass(frozen=True)
class Way:
    """Where else what was looked for can be found."""

    words: str
    href: str


@dataclass(frozen=True)
class TextField:
    """A field of free texts, those that it holds already, and what is wrong with others."""

    name: str
    label: str
    values: tuple[str, ...]
    wrong: list[str]


@dataclass(frozen=True)
class MomentField:
    """A field of a moment, with what it holds as a browser's own field takes it, and what is wrong with it."""

    name: str
    label: str
    value: str
    wrong: list[str]


def way_to(page: str, **query: str) -> str:
    return f"{reverse(page)}?{urlencode(query)}"


def listed(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or 248 more`."""
    if len(words) > TOLD_ONE_BY_ONE:
        words = [*words[: TOLD_ONE_BY_ONE - 1], f"{len(words) - TOLD_ONE_BY_ONE + 1} more"]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
