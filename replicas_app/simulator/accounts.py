"""Who may sign in, what their role allows, and the tokens that they hold."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock

from .clock import DAY, MINUTE, SECOND
from .errors import ApiError, signed_out
from .revisions import Revision

REFRESH_TOKEN_LIVES = 14 * DAY
INVALID = "Unable to perform authorization: The provided user credentials are invalid."


class Right(Enum):
    """What an operation asks for."""

    NOTHING = "nothing, not even a login"
    LOGIN = "a login"
    SERVER_INFO = "ViewServices"
    REPLICAS = "ViewReplicas, ViewReplicaPoints"
    RESCAN = "RescanReplicas"
    SESSIONS = "ViewSessions, ViewTaskSessions"
    STOP = "StopSessions"
    JOBS = "ViewJobs"


_READER = {Right.NOTHING, Right.LOGIN, Right.SESSIONS, Right.JOBS}
_RESTORER = _READER | {Right.REPLICAS, Right.RESCAN, Right.STOP}
ROLES: dict[str, tuple[str, set[Right]]] = {
    "administrator": ("Veeam Backup Administrator", set(Right)),
    "restore operator": ("Veeam Restore Operator", _RESTORER),
    "viewer": ("Veeam Backup Viewer", _READER),
    "custom": ("Custom role", _RESTORER),
}


@dataclass(slots=True)
class User:
    name: str
    password: str
    role: str
    mfa: bool = False
    refused: int = 0
    locked_until: int = 0

    def may(self, right: Right) -> bool:
        return right in ROLES[self.role][1]


@dataclass(frozen=True, slots=True)
class Grant:
    """One login: a pair of tokens."""

    user: User
    access: str
    refresh: str
    issued: int
    expires: int


@dataclass
class Accounts:
    """Users by name, which counts in any case. After `lock_after` refused passwords in a row a user is locked."""

    users: dict[str, User]
    token_seconds: int
    lock_after: int
    lock_seconds: int
    _grants: dict[str, Grant] = field(default_factory=dict)
    _refreshes: dict[str, Grant] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def sign_in(self, name: str, password: str, revision: Revision, now: int) -> Grant:
        """401 for a wrong password, a lock, MFA, or a custom role where that may not log in."""
        with self._lock:
            user = self.users.get(name.casefold())
            if user is None:
                raise signed_out("AccessDenied", INVALID)
            self._refuse_locked(user, now)
            if not secrets.compare_digest(user.password.encode(), password.encode()):
                self._count_refusal(user, now)
                raise signed_out("AccessDenied", INVALID)
            user.refused = 0
            _refuse_unfit(user, revision)
            return self._grant(user, now)

    def renew(self, refresh_token: str, now: int) -> Grant:
        """A refresh token works once; the access token that came with it goes on to its end."""
        with self._lock:
            old = self._refreshes.pop(refresh_token, None)
            if old is None or now >= old.issued + REFRESH_TOKEN_LIVES:
                raise signed_out("InvalidToken", "The refresh token is invalid or has expired.")
            return self._grant(old.user, now)

    def user_of(self, access_token: str, now: int) -> User:
        """401 for a token that is unknown, ended by logout, or expired."""
        grant = self._grants.get(access_token)
        if grant is None:
            raise signed_out("InvalidToken", "The access token is invalid.")
        if now >= grant.expires:
            raise signed_out("ExpiredToken", "The access token has expired.")
        return grant.user

    def sign_out(self, access_token: str) -> None:
        """Ends both tokens of that login."""
        with self._lock:
            if grant := self._grants.pop(access_token, None):
                self._refreshes.pop(grant.refresh, None)

    def end_all(self) -> None:
        """As after a restart of the service: every token is unknown from now on."""
        with self._lock:
            self._grants.clear()
            self._refreshes.clear()

    def _grant(self, user: User, now: int) -> Grant:
        access, refresh = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        grant = Grant(user, access, refresh, now, now + self.token_seconds * SECOND)
        self._forget_old(now)
        self._grants[access] = self._refreshes[refresh] = grant
        return grant

    def _forget_old(self, now: int) -> None:
        for token in [token for token, grant in self._grants.items() if now >= grant.expires + 10 * MINUTE]:
            del self._grants[token]
        for token in [t for t, grant in self._refreshes.items() if now >= grant.issued + REFRESH_TOKEN_LIVES]:
            del self._refreshes[token]

    def _refuse_locked(self, user: User, now: int) -> None:
        if now < user.locked_until:
            raise _locked(self.lock_seconds)

    def _count_refusal(self, user: User, now: int) -> None:
        user.refused += 1
        if self.lock_after and user.refused >= self.lock_after:
            user.refused, user.locked_until = 0, now + self.lock_seconds * SECOND
            raise _locked(self.lock_seconds)


def users_of(given: Iterable[tuple[str, str, str]], with_mfa: Iterable[str]) -> dict[str, User]:
    """Users from (name, password, role). ValueError for a role that there is not."""
    mfa = {name.casefold() for name in with_mfa}
    return {
        name.casefold(): User(name, password, _role(role), mfa=name.casefold() in mfa) for name, password, role in given
    }


def _role(text: str) -> str:
    role = text.strip().lower().replace("-", " ").replace("_", " ")
    if role not in ROLES:
        raise ValueError(f"{text!r} is no role; there are {', '.join(ROLES)}")
    return role


def _refuse_unfit(user: User, revision: Revision) -> None:
    if user.mfa:
        raise signed_out(
            "AccessDenied", "Multi-factor authentication is enabled for this user: the API cannot be used."
        )
    if user.role == "custom" and not revision.is_newest:
        raise signed_out("AccessDenied", "Users with custom roles cannot use this version of the API.")


def _locked(seconds: int) -> ApiError:
    span = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return signed_out("AccessDenied", f"The account is locked out for {span} after repeated failed log-ins.")
