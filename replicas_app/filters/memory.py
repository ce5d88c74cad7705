"""What was read of a list is remembered for as long as the data stays what it is."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache

T = TypeVar("T")
KEPT_SECONDS = 3600


class Memory:
    """Of the rows that `identity` stands for: another text for other rows, and whenever the data is another.

    Where it is empty nobody can tell, and nothing is remembered.
    """

    def __init__(self, identity: str) -> None:
        self._identity = identity

    def recall(self, what: str) -> Any:
        """None where it is not there any more, or never was."""
        return cache.get(self._key(what)) if self._identity else None

    def keep(self, what: str, value: T) -> T:
        if self._identity:
            cache.set(self._key(what), value, KEPT_SECONDS)
        return value

    def remembered(self, what: str, work_out: Callable[[], T]) -> T:
        kept = self.recall(what)
        return self.keep(what, work_out()) if kept is None else kept

    def _key(self, what: str) -> str:
        return f"list-{sha256(f'{self._identity} {what}'.encode()).hexdigest()}"
