"""One answer by HTTP, and what may be quoted from it."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from replicas_app.vbr.bodies import parse_json
from replicas_app.vbr.errors import Malformed

_TAG = re.compile(r"<[^>]*>?")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\s]+")
_LONGEST_DETAIL = 300
_LONGEST_TITLE = 80
_SHORTEST_SECRET = 3
_MESSAGE_KEYS = ("message", "title", "error_description", "errorCode", "error")
"""Of an `Error` body, in this order; a login by OAuth's rules spells its own."""


@dataclass(frozen=True)
class Answer:
    """Read to its end. What it quotes is one line of plain text without markup and without our secrets."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    midway: datetime
    """By our clock, halfway between sending the request and having the answer."""
    round_trip_seconds: float
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What a server may echo and nobody may read: the password, the tokens."""

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("content-type", "").lower() or self.body.lstrip()[:1] == b"<"

    @property
    def is_json(self) -> bool:
        return self._parsed is not None

    def json(self) -> Any:
        """The data, parsed once. Raises Malformed."""
        if self._parsed is None:
            raise Malformed("answer", "it is no JSON", status=self.status)
        return self._parsed[0]

    def object(self) -> dict[str, Any]:
        """The data where it has to be a JSON object. Raises Malformed."""
        data = self.json()
        if not isinstance(data, dict):
            raise Malformed("answer", "it is no JSON object", status=self.status)
        return data

    @cached_property
    def _parsed(self) -> tuple[Any] | None:
        """The parser's exception stays here: it holds the whole text."""
        try:
            return (parse_json(self.body),)
        except ValueError:
            return None

    @property
    def fields(self) -> Mapping[str, Any]:
        """The JSON object that the answer is; empty where it is none."""
        data = self._parsed[0] if self._parsed else None
        return data if isinstance(data, dict) else {}

    @property
    def words(self) -> str:
        """The backup server's own words in an error answer; empty where it has none."""
        texts = (self.fields.get(key) for key in _MESSAGE_KEYS)
        return next((words for text in texts if isinstance(text, str) and (words := self._quoted(text))), "")

    @property
    def page_words(self) -> str:
        """What a web page calls itself: `a web page titled “Blocked”`."""
        title = _TITLE.search(self.body[:65536].decode("utf-8", errors="replace"))
        words = self._quoted(html.unescape(title.group(1)))[:_LONGEST_TITLE] if title else ""
        return f"a web page titled “{words}”" if words else "a web page"

    def _quoted(self, text: str) -> str:
        for secret in self.secrets:
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "•••")
        return trimmed(_TAG.sub(" ", text))


def trimmed(text: str) -> str:
    """Foreign words as one line of bearable length."""
    words = _NOT_PRINTABLE.sub(" ", text).strip()
    return words if len(words) <= _LONGEST_DETAIL else words[: _LONGEST_DETAIL - 1] + "…"
