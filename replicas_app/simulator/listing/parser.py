"""Query parameters: what a revision accepts, as typed values; 400 for what does not parse. Unknown ones are ignored."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..clock import Clock
from ..errors import malformed
from ..revisions import Revision

_UUID = re.compile(r"\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?", re.IGNORECASE)
_INT32 = 1 << 31
DEFAULT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Parser:
    """Reads parameters of one request."""

    query: dict[str, list[str]]
    revision: Revision
    clock: Clock

    def has(self, name: str) -> bool:
        return any(self.query.get(self._spelled(name), ()))

    def text(self, name: str) -> str:
        return self.query[self._spelled(name)][0]

    def uuid(self, name: str) -> str:
        return uuid_text(self.text(name), name)

    def moment(self, name: str) -> int:
        try:
            return self.clock.parse(self.text(name))
        except ValueError:
            raise self._refused(name) from None

    def number(self, name: str) -> int:
        text = self.text(name).strip()
        if not re.fullmatch(r"[+-]?[0-9]{1,10}", text) or not -_INT32 <= int(text) < _INT32:
            raise self._refused(name)
        return int(text)

    def boolean(self, name: str) -> bool:
        text = self.text(name).strip().lower()
        if text not in {"true", "false"}:
            raise self._refused(name)
        return text == "true"

    def word(self, name: str, known: list[str]) -> str:
        """One of the known words, whatever its case; in their spelling."""
        return self._word(name, self.text(name), known)

    def words(self, name: str, known: list[str]) -> list[str]:
        """An array: the parameter repeated."""
        return [self._word(name, text, known) for text in self.query[self._spelled(name)] if text]

    def paging(self, most: int | None) -> tuple[int, int]:
        """`skip` and `limit`. Out of range: refused by the newest revision, taken for absent by the older ones."""
        skip = self.number("skip") if self.has("skip") else 0
        limit = self.number("limit") if self.has("limit") else DEFAULT_LIMIT
        if self.revision.is_newest and (skip < 0 or limit < 1):
            raise self._refused("skip" if skip < 0 else "limit")
        limit = limit if limit > 0 else DEFAULT_LIMIT
        return max(skip, 0), min(limit, most or limit)

    def _word(self, name: str, text: str, known: list[str]) -> str:
        for word in known:
            if word.lower() == text.strip().lower():
                return word
        raise self._refused(name, text)

    def _spelled(self, name: str) -> str:
        """Parameter names count in any case, as in ASP.NET."""
        if name in self.query:
            return name
        return next((given for given in self.query if given.lower() == name.lower()), name)

    def _refused(self, name: str, text: str | None = None) -> Exception:
        return malformed(f"The value '{self.text(name) if text is None else text}' is not valid for {name}.")


def uuid_text(text: str, name: str) -> str:
    """A UUID in its usual form; 400 if it is none."""
    if not _UUID.fullmatch(text.strip()):
        raise malformed(f"The value '{text}' is not valid for {name}.")
    digits = re.sub("[{}-]", "", text.strip().lower())
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def pattern(text: str) -> Callable[[Any], bool]:
    """A `nameFilter`: any case, exact, unless `*` stands at the beginning, at the end or at both."""
    wanted = text.casefold()
    begins, ends = wanted.endswith("*"), wanted.startswith("*")
    core = wanted.removesuffix("*").removeprefix("*")
    if begins and ends:
        return lambda value: core in value.casefold()
    if begins:
        return lambda value: value.casefold().startswith(core)
    if ends:
        return lambda value: value.casefold().endswith(core)
    return lambda value: value.casefold() == wanted


def any_parameter(record: dict[str, Any], fits: Callable[[str], bool]) -> bool:
    """Whether any parameter of a record fits, nested ones included."""
    return any(_fits(value, fits) for value in record.values())


def _fits(value: Any, fits: Callable[[str], bool]) -> bool:
    if isinstance(value, dict):
        return any(_fits(inner, fits) for inner in value.values())
    if isinstance(value, list):
        return any(_fits(inner, fits) for inner in value)
    return fits(str(value))
