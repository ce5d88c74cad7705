"""From a server's row to a client: its credentials, its trust, the token that all processes share, the pause.

The only place that makes a client from a row. Two refused logins make every process leave the server alone until its
password is changed, a person tests by hand, or the pause is over: real servers lock an account that keeps trying.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from replicas_app import crypt, locks
from replicas_app.choices import TrustMode
from replicas_app.models import BackupServer
from replicas_app.vbr import Client, Deadlines, Denied, Retries, Token, Trust, VbrError

REFUSED_LOGINS = ("login", "locked", "mfa")
"""Causes for which a server refuses a login, and after which it is left alone."""
REFUSALS_UNTIL_PAUSE = 2
PAUSE = timedelta(minutes=15)
LOCK_WITHOUT_END = timedelta(minutes=30)
"""How long an account counts as locked where the server does not name the end."""


@contextmanager
def connect(
    server: BackupServer,
    *,
    by_hand: bool = False,
    token_only: bool = False,
    deadlines: Deadlines | None = None,
    retries: Retries | None = None,
) -> Iterator[Client]:
    """A client for this server, closed at the end. The API revision that it negotiates is kept with the row.

    `by_hand`: a person asked for it and waits, so a login is tried although the server is left alone. `token_only`:
    the password is never sent, so that no login can be refused. `deadlines` and `retries` are the client's own unless
    given.

    Raises:
        VbrError: as the client's calls do; Denied("tls_unconfirmed") where nobody has accepted the server's
            certificate, so that nothing may be sent to it, Denied("paused") where the server is left alone,
            Denied("no_token") where the shared token does not do and the password may not be sent, Denied("secret")
            where the stored password cannot be opened.
    """
    if server.is_unconfirmed:
        raise Denied("tls_unconfirmed")
    with Client(
        server.base_url,
        server.username,
        _password(server),
        trust=trust_of(server),
        api_version=server.api_version,
        keyring=SharedKeyring(server, by_hand=by_hand, token_only=token_only),
        deadlines=deadlines,
        retries=retries,
    ) as client:
        try:
            yield client
        finally:
            _keep_revision(server, client)


def trust_of(server: BackupServer) -> Trust:
    match server.trust:
        case TrustMode.SYSTEM:
            return Trust.system()
        case TrustMode.BUNDLE:
            return Trust.bundle(server.ca_bundle)
        case TrustMode.PIN:
            return Trust.pin(server.pinned_sha256)
        case TrustMode.OFF:
            return Trust.off()
    raise ValueError(f"unknown trust {server.trust!r}")


class SharedKeyring:
    """The token in the server's row, for all processes at once; a `vbr.Keyring`.

    Every call goes to the row, not to a copy of it, so that what another process wrote a moment ago counts. Where a
    person has changed the way in meanwhile, it is not the row of this client any more: it neither gets the new token
    nor leaves the old one there, which the next client would send to another address.
    """

    def __init__(self, server: BackupServer, *, by_hand: bool = False, token_only: bool = False) -> None:
        way_in = {name: getattr(server, name) for name in ("base_url", "username", "password_encrypted")}
        self._row = BackupServer.objects.filter(pk=server.pk, **way_in)
        self._server_id = server.pk
        self._by_hand = by_hand
        self._token_only = token_only

    def exclusive(self) -> AbstractContextManager[None]:
        return locks.wait_for_lock(locks.Space.SIGN_IN, self._server_id)

    def load(self) -> Token | None:
        encrypted = self._row.values_list("token_encrypted", flat=True).first()
        try:
            return Token.from_text(crypt.decrypt(encrypted)) if encrypted else None
        except (crypt.UnreadableSecret, ValueError):
            return None  # written under a key that is gone: sign in anew

    def save(self, token: Token | None) -> None:
        self._row.update(token_encrypted=crypt.encrypt(token.to_text()) if token else "")

    def before_sign_in(self) -> None:
        if self._token_only:
            raise Denied("no_token")
        paused_until = self._row.values_list("sign_in_paused_until", flat=True).first()
        if paused_until and paused_until > timezone.now() and not self._by_hand:
            raise Denied("paused", until=paused_until)

    def sign_in_refused(self, error: VbrError) -> None:
        now = timezone.now()
        self._row.update(refused_sign_ins=F("refused_sign_ins") + 1)
        if error.cause == "locked":
            self._row.update(sign_in_paused_until=error.until or now + LOCK_WITHOUT_END)
        else:
            tired = self._row.filter(refused_sign_ins__gte=REFUSALS_UNTIL_PAUSE)
            tired.update(sign_in_paused_until=now + PAUSE)

    def sign_in_succeeded(self) -> None:
        self._row.update(refused_sign_ins=0, sign_in_paused_until=None)


def _password(server: BackupServer) -> str:
    try:
        return server.password
    except crypt.UnreadableSecret as error:
        raise Denied("secret", str(error)) from None


def _keep_revision(server: BackupServer, client: Client) -> None:
    """The revision is chosen once and then stays: an upgrade of the server must not silently move us."""
    if client.api_version and client.api_version != server.api_version:
        BackupServer.objects.filter(pk=server.pk, api_version="").update(api_version=client.api_version)
        server.api_version = client.api_version
