"""One request and its answer, as data."""

import json
from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(slots=True)
class Request:
    """As it came. `path` is without the base path of a proxy; header names are in lower case."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""
    status: int = 0
    """What was answered; 0 where the connection was cut instead."""


@dataclass(slots=True)
class Answer:
    """What is sent back, and how: at once, or with the manners that a fault gave it."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0
    reset: bool = False
    """Cut the connection instead of answering."""
    cut_at: int | None = None
    """Send so many bytes of the body, then cut the connection."""
    drip_seconds: float = 0
    """Pause after each piece of the body."""
    drip_bytes: int = 1


def encoded(value: Any) -> bytes:
    """As JSON, also what is no Unicode (half a surrogate pair): that one escaped."""
    try:
        return orjson.dumps(value)
    except TypeError:  # orjson's JSONEncodeError is one
        return json.dumps(value).encode()
