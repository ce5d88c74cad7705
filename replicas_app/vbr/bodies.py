"""From the bytes of an answer to plain data that can be stored, whatever stands in them."""

import json
import re
from typing import Any

import orjson

REPLACEMENT = "\ufffd"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BACKSLASH, _ESCAPED_NUL = b"\\", b"\\u0000"


def parse_json(body: bytes) -> Any:
    """The data of a JSON text. Raises ValueError for what is none.

    One bad character never costs a page: bytes that are not UTF-8, NUL and halves of surrogate pairs, which neither
    UTF-8 nor Postgres can hold, become U+FFFD each. A page without any takes the fast way (orjson).
    """
    try:
        return _parse(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _parse(body: bytes) -> Any:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _clean(_parse_tolerantly(body))
    return _clean(data) if may_hold_nul(body) else data


def may_hold_nul(body: bytes) -> bool:
    """Whether one is spelled out. Nearly no page has a backslash, which is found at seventy times the speed."""
    return _BACKSLASH in body and _ESCAPED_NUL in body


def _parse_tolerantly(body: bytes) -> Any:
    """As the standard library reads it: control characters inside texts, lone surrogates and NaN (as null) pass."""
    text = body.decode("utf-8-sig", errors="replace")
    return json.loads(text, strict=False, parse_constant=lambda _: None)


def _clean(data: Any) -> Any:
    if isinstance(data, str):
        return _UNSTORABLE.sub(REPLACEMENT, data)
    if isinstance(data, list):
        return [_clean(item) for item in data]
    if isinstance(data, dict):
        return {_clean(key): _clean(value) for key, value in data.items()}
    return data
