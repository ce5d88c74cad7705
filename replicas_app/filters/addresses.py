"""Addresses of one list: the same query string with something changed in it."""

from collections.abc import Iterable

from django.http import QueryDict

NOT_KEPT = ("counts", "export")
"""Keys that say how to answer, not what is shown."""
UNENCODED = "*:,@"


class Address:
    """Where a list stands. Every link of the list is this address with a change; what is not changed stays."""

    def __init__(self, path: str, query: QueryDict) -> None:
        self.path = path
        self._values = {key: _distinct(query.getlist(key)) for key in query if key not in NOT_KEPT}

    def __str__(self) -> str:
        return self.with_()

    def with_(self, /, **changes: object) -> str:
        """The address with these keys set, or left out (None). Every change but one of `page` leads to page 1."""
        values = {key: held for key, held in self._values.items() if key != "page" or not changes}
        values |= {key: _as_list(value) for key, value in changes.items()}
        query = QueryDict(mutable=True)
        for key, held in values.items():
            query.setlist(key, held)
        text = query.urlencode(safe=UNENCODED)
        return f"{self.path}?{text}" if text else self.path

    def without(self, *keys: str) -> str:
        return self.with_(**dict.fromkeys(keys))


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value.strip() for value in values if value.strip()))


def _as_list(value: object) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]
