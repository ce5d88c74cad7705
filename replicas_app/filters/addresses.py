"""Addresses of one list: the same query string with something changed in it."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

from django.http import QueryDict

NOT_KEPT = ("counts", "export")
"""Keys that say how to answer, not what is shown."""
UNENCODED = "*:,@"


class Address:
    """Where a list stands. Every link of the list is this address with a change; what is not changed stays."""

    def __init__(self, path: str, query: QueryDict) -> None:
        self.path = path
        kept = {key: _encoded(key, query.getlist(key)) for key in query if key not in NOT_KEPT}
        self._parts = {key: part for key, part in kept.items() if part}

    def __str__(self) -> str:
        return self._joined(self._parts)

    def with_(self, /, **changes: object) -> str:
        """The address with these keys set, or left out (None). Every change but one of `page` leads to page 1."""
        parts = dict(self._parts)
        if changes:
            parts.pop("page", None)
        for key, value in changes.items():
            parts[key] = _encoded(key, _as_list(value))
        return self._joined(parts)

    def for_each(self, key: str) -> Callable[[str], str]:
        """The address with this value of the key: `with_`, for the many links of a list that differ in it alone."""
        others = {name: part for name, part in self._parts.items() if name not in (key, "page")}
        start = f"{self._joined(others)}{'&' if others else '?'}{quote(key, UNENCODED)}="
        return lambda value: start + quote(value, UNENCODED)

    def without(self, *keys: str) -> str:
        return self.with_(**dict.fromkeys(keys))

    def _joined(self, parts: Mapping[str, str]) -> str:
        text = "&".join(filter(None, parts.values()))
        return f"{self.path}?{text}" if text else self.path


def _encoded(key: str, values: Iterable[str]) -> str:
    """The part of a query string with this key: blank values are left out, equal ones stand once."""
    distinct = dict.fromkeys(value.strip() for value in values if value.strip())
    return "&".join(f"{quote(key, UNENCODED)}={quote(value, UNENCODED)}" for value in distinct)


def _as_list(value: object) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]
