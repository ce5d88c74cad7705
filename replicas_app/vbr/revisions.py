"""The API's revisions: which we know, which a server offers, and how they differ in what we send.

Source: vbr/revisions.md; a server's own list stands in its Swagger page's script.
"""

import re
from collections.abc import Iterable

from replicas_app.vbr.errors import Denied

KNOWN = ("1.3-rev2", "1.3-rev1", "1.3-rev0", "1.2-rev1")
"""Newest first."""
NEWEST = KNOWN[0]

_REVISION = re.compile(r"(?<![\d.])v?(\d+\.\d+-rev\d+)\b", re.IGNORECASE)


def revisions_in(text: str) -> tuple[str, ...]:
    """The revisions that a text names, each once, in its order: a script, a message, whatever the spelling."""
    return tuple(dict.fromkeys(found.lower() for found in _REVISION.findall(text)))


def policy_filter(revision: str) -> str:
    """The name of the parameter that filters replicas by their policy."""
    return "policyUniqueIdFilter" if revision == "1.3-rev2" else "policyTagFilter"


def takes_several(revision: str) -> bool:
    """Whether the session filters for type and result take several values."""
    return revision != "1.2-rev1"


class Choice:
    """The revision that is spoken: the given one and no other, or the newest that nothing speaks against."""

    def __init__(self, given: str = "") -> None:
        self.is_given = bool(given)
        self.is_settled = self.is_given
        self._candidates = [given] if given else list(KNOWN)
        self._tried: list[str] = []

    @property
    def current(self) -> str:
        return self._candidates[0]

    def narrow(self, listed: Iterable[str]) -> None:
        """Leaves what the server's own list has; an empty list says nothing. Raises Denied("version") for no match."""
        listed = tuple(listed)
        left = [revision for revision in self._candidates if revision in listed]
        if listed and not left:
            raise Denied("version", offered=listed)
        self._candidates = left or self._candidates

    def step_down(self, refusal: Denied) -> None:
        """To the next older one, after the server refused the current one. Raises Denied("version") after the last.

        What the refusal names goes first, but it is only a text: it may name the refused revision, or none of ours.
        """
        self._tried.append(self._candidates.pop(0))
        named = [revision for revision in self._candidates if revision in refusal.offered]
        self._candidates = named or self._candidates
        if not self._candidates:
            offered = [revision for revision in refusal.offered if revision not in self._tried]
            raise Denied("version", refusal.detail, status=refusal.status, tried=self._tried, offered=offered)
