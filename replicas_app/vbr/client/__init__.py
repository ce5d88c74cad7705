"""The API client: one method per thing that we want of a backup server. Contract: vbr-api.md, section 4."""

from typing import Self

from replicas_app.vbr.addresses import Address, parse_address
from replicas_app.vbr.client.jobs import JobCalls
from replicas_app.vbr.client.points import PointCalls
from replicas_app.vbr.client.replicas import ReplicaCalls
from replicas_app.vbr.client.sessions import SessionCalls
from replicas_app.vbr.connection import Connection
from replicas_app.vbr.deadlines import Deadlines
from replicas_app.vbr.errors import Malformed
from replicas_app.vbr.keyring import Keyring, MemoryKeyring
from replicas_app.vbr.records import ServerInfo, ServerTime
from replicas_app.vbr.retries import Retries
from replicas_app.vbr.transport import Transport
from replicas_app.vbr.trust import Trust


class Client(ReplicaCalls, PointCalls, SessionCalls, JobCalls):
    """Speaks with one backup server. For one thread; as many clients as you like share a keyring.

    Every method that asks the server raises VbrError. Listings are generators of pages: they ask for the next page
    when it is wanted. Times that are given need a zone. Use it as a context manager, or `close` it.
    """

    def __init__(
        self,
        base_url: str | Address,
        username: str,
        password: str,
        *,
        trust: Trust | None = None,
        api_version: str = "",
        keyring: Keyring | None = None,
        deadlines: Deadlines | None = None,
        retries: Retries | None = None,
        proxy: str = "",
    ) -> None:
        """Asks nothing yet. `trust` is the system's authorities, `keyring` one in memory, unless given.

        `api_version`: that revision and no other; empty: negotiated before the first call. Raises BadAddress.
        """
        self.address = parse_address(base_url) if isinstance(base_url, str) else base_url
        transport = Transport(self.address, trust or Trust.system(), deadlines=deadlines or Deadlines(), proxy=proxy)
        super().__init__(
            Connection(transport, username, password, keyring or MemoryKeyring(), api_version, retries or Retries())
        )

    def __repr__(self) -> str:
        return f"<Client {self.address} {self.api_version or 'revision open'}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. The token stays: others use it."""
        self._connection.close()

    @property
    def api_version(self) -> str:
        """The revision that is spoken; empty before it was negotiated."""
        return self._connection.api_version

    def offered_versions(self) -> tuple[str, ...]:
        """The revisions that the server's own list names, known to us or not; empty where it shows none."""
        return self._connection.offered_versions()

    def negotiate(self) -> str:
        """The newest revision that we know and the server offers; a given one is taken as it is, unasked."""
        return self._connection.negotiate()

    def sign_in(self) -> None:
        """Tries the password now, even where there is a token."""
        self._connection.sign_in()

    def sign_out(self) -> None:
        """Ends the token, for all who share it."""
        self._connection.sign_out()

    def server_time(self) -> ServerTime:
        """Needs no token: whether the server lives, and how far its clock is off."""
        answer = self._connection.server_time()
        try:
            return ServerTime.from_json(
                answer.object(), midway=answer.midway, round_trip_seconds=answer.round_trip_seconds
            )
        except ValueError as error:
            raise Malformed("answer", str(error), status=answer.status) from None

    def server_info(self) -> ServerInfo:
        """Administrators only: others get Denied("role")."""
        return self._one("/api/v1/serverInfo", lambda row, _: ServerInfo.from_json(row))
