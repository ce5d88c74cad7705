"""What can go wrong with a backup server, told apart by what the caller does next.

Nothing in here holds a request, a password or a token: not in the arguments, not as a chained exception.
"""

from collections.abc import Iterable
from datetime import datetime

from replicas_app.vbr.causes import explain
from replicas_app.vbr.trust import fingerprint_of


class VbrError(Exception):
    """A call did not bring what it should. `cause` is a code of `causes`, `detail` their words as plain text."""

    def __init__(
        self,
        cause: str,
        detail: str = "",
        *,
        status: int | None = None,
        sent: bool = True,
        until: datetime | None = None,
        retry_after: float | None = None,
        shown: str = "",
        pinned: str = "",
        tried: Iterable[str] = (),
        offered: Iterable[str] = (),
    ) -> None:
        super().__init__(cause, detail)
        self.cause = cause
        self.detail = detail
        self.status = status
        """The HTTP status; None where no answer came."""
        self.sent = sent
        """Whether the request may have reached the server. False: the connection was never made."""
        self.until = until
        """Locked, paused: when it ends, if that is known."""
        self.retry_after = retry_after
        """Busy: after how many seconds the server wants to be asked again, if it said so."""
        self.shown = shown
        """Certificate changed: the SHA-256 of the one that the server shows."""
        self.pinned = pinned
        self.tried = tuple(tried)
        """Version: the revisions that were tried."""
        self.offered = tuple(offered)
        """Version: the revisions that the server offers, if it says so."""

    def __str__(self) -> str:
        return f"{self.sentence} [{self.cause}]"

    @property
    def sentence(self) -> str:
        """What is wrong in an operator's words, with what is known of this case. May be two sentences."""
        wrong = explain(self.cause).sentence
        if self.detail:
            wrong = f"{wrong.removesuffix('.')}: {self.detail.removesuffix('.')}."
        return " ".join([wrong, *self._facts()])

    @property
    def fix(self) -> str:
        return explain(self.cause).fix

    def _facts(self) -> Iterable[str]:
        if self.shown:
            yield f"Shown: {fingerprint_of(self.shown)}, pinned: {fingerprint_of(self.pinned)}."
        if self.until:
            yield f"Until {self.until.day} {self.until:%b %Y, %H:%M} UTC."
        if self.tried:
            yield f"Tried: {', '.join(self.tried)}."
        if self.offered:
            yield f"Offered: {', '.join(self.offered)}."


class Unavailable(VbrError):
    """The server cannot be had right now: try later."""


class Denied(VbrError):
    """A person has to act: certificate, address, password, role, licence."""


class Rejected(VbrError):
    """Our request was wrong, or names what is not there (`gone`)."""


class Malformed(VbrError):
    """Their answer was wrong."""


class Unclear(VbrError):
    """A POST that may have been done: look on the server, never repeat it."""

    def _facts(self) -> Iterable[str]:
        yield from super()._facts()
        yield "Whether the server did what was asked is not known."
