"""The token of one server, and the place in which everybody who works with that server keeps it."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self

from replicas_app.vbr.errors import VbrError

DEFAULT_LIFETIME_SECONDS = 900
"""What a live server gives; taken only where an answer forgets to say."""
LONGEST_LIFETIME_SECONDS = 86_400
RENEWAL_MARGIN_SECONDS = 60
_MARGIN_SHARE = 0.2


@dataclass(frozen=True)
class Token:
    """What a login gives. Its text (`to_text`) is a secret; its repr is not."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    """Works once; empty where the server gave none."""
    renew_at: datetime
    """When it has to be renewed: a margin before its end, by our clock."""

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any], asked_at: datetime) -> Self:
        """From the server's answer to a request of that moment. Raises ValueError when it holds no token."""
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        if not isinstance(access, str) or not access or not access.isascii() or not access.isprintable():
            raise ValueError("the answer to the login holds no access_token")
        lifetime = _lifetime(answer.get("expires_in"))
        margin = min(RENEWAL_MARGIN_SECONDS, lifetime * _MARGIN_SHARE)
        renew_at = asked_at + timedelta(seconds=lifetime - margin)
        return cls(access, refresh if isinstance(refresh, str) else "", renew_at)

    def is_fresh(self) -> bool:
        return datetime.now(UTC) < self.renew_at

    def to_text(self) -> str:
        """For a keyring that stores it, encrypted."""
        return json.dumps(asdict(self) | {"renew_at": self.renew_at.isoformat()})

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Raises ValueError for a text that `to_text` did not write."""
        try:
            fields = json.loads(text)
            return cls(fields["access"], fields["refresh"], datetime.fromisoformat(fields["renew_at"]))
        except (KeyError, TypeError) as error:
            raise ValueError("not a stored token") from error


class Keyring(Protocol):
    """Where the one token of a server lies, and who says whether a login may be tried.

    One keyring per server and user name; all clients of all processes that share it need one login together. The
    client calls, while it holds `exclusive`: `load` again, then, where the token is not fresh, the server (refresh,
    else `before_sign_in` and the password), then `save`. Outside of `exclusive` it only calls `load`.
    """

    def exclusive(self) -> AbstractContextManager[None]:
        """Held by one client at a time, in all processes. Entering waits; it is left within two calls' deadlines."""

    def load(self) -> Token | None: ...

    def save(self, token: Token | None) -> None:
        """Keeps the token for all; None: there is none any more."""

    def before_sign_in(self) -> None:
        """Asked before each login by password (never before a refresh). Raises Denied("paused") to forbid it."""

    def sign_in_refused(self, error: VbrError) -> None:
        """The server answered a login by password with a refusal that may count against the account.

        `error.cause` is login, locked (with `until` where the message names it), mfa, role, licence, or server (a 5xx,
        which some servers give for a wrong password). Not called for a refused API revision, for what stands between,
        for a busy server and where no answer came.
        """

    def sign_in_succeeded(self) -> None: ...


class MemoryKeyring:
    """A keyring for one process. It never forbids a login: for tests, and for a test by hand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._lock:
            yield

    def load(self) -> Token | None:
        return self._token

    def save(self, token: Token | None) -> None:
        self._token = token

    def before_sign_in(self) -> None:
        """Always allowed."""

    def sign_in_refused(self, error: VbrError) -> None:
        """Nobody counts."""

    def sign_in_succeeded(self) -> None:
        """Nobody counts."""


def _lifetime(expires_in: object) -> float:
    """Seconds, as the server says (a number, or one in a text); the documents contradict themselves, it does not."""
    try:
        seconds = float(expires_in)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFETIME_SECONDS
    return min(seconds, LONGEST_LIFETIME_SECONDS) if seconds > 0 else DEFAULT_LIFETIME_SECONDS
