"""A simulated backup server over real HTTPS, and clients that wait for nothing."""

import socket
from collections.abc import Callable, Iterator

import pytest

from replicas_app.simulator import Simulator
from replicas_app.vbr import Client, Deadlines, Retries, Trust, VbrError
from tests.vbr.keyrings import CountingKeyring
from tests.vbr.raw import RawServer

NEWEST = "1.3-rev2"
PATIENT = Deadlines(connect=10, read=10, total=20)
IMPATIENT = Deadlines(connect=10, read=0.5, total=20)
"""For servers that say nothing after they were reached."""


class Waits(list):
    """The seconds that a client would have waited between its tries; waits none of them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(replicas=6, vms=2, points=4, seed=7, still=True, rescan_seconds=0.2) as simulator:
        yield simulator


@pytest.fixture
def connect(simulator: Simulator, waits: Waits) -> Iterator[Callable[..., Client]]:
    """Makes clients of the simulator; what is not given is right."""
    opened = []

    def connect(**given) -> Client:
        opened.append(client_of(simulator, **{"retries": Retries(2, waits)} | given))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def client(connect) -> Client:
    return connect()


@pytest.fixture
def keyring() -> CountingKeyring:
    return CountingKeyring()


def client_of(simulator: Simulator, **given) -> Client:
    wanted = {
        "base_url": simulator.url,
        "username": simulator.username,
        "password": simulator.password,
        "trust": Trust.pin(simulator.fingerprint),
        "api_version": NEWEST,
        "deadlines": PATIENT,
    }
    return Client(**wanted | given)


def asked(simulator: Simulator, path: str, method: str = "") -> list:
    """The requests that came for a path, in their order."""
    return [one for one in simulator.requests if one.path == path and method in ("", one.method)]


def logins(simulator: Simulator, kind: str = "password") -> int:
    """How many logins of a kind were tried: password or refresh_token."""
    token = asked(simulator, "/api/oauth2/token")
    return sum(f"grant_type={kind}".encode() in one.body for one in token)


def records(pages) -> list:
    return [record for page in pages for record in page.records]


def raw_client(server: RawServer, **given) -> Client:
    """Of a server whose certificate and revision do not matter; it asks once."""
    wanted = {"trust": Trust.off(), "api_version": NEWEST, "retries": Retries(0)}
    return Client(server.url, "svc", "pw1", **wanted | given)


def fault_of(url: str, trust: Trust | None = None, **given) -> VbrError:
    """What the first call to that address runs into."""
    client = Client(
        url, "svc", "pw1", trust=trust or Trust.off(), **{"deadlines": PATIENT, "retries": Retries(0)} | given
    )
    with client, pytest.raises(VbrError) as error:
        client.server_time()
    return error.value


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
