"""Answers on the wire: the connection they come over, how long and how large they may be, and where they may lead."""

import gzip
import socket
import time

import pytest

from replicas_app.vbr import Deadlines, Denied, Malformed, Unavailable, transport
from tests.vbr.conftest import asked, raw_client, records
from tests.vbr.raw import RawServer, issue, json_answer, read_request

TIME = b'{"serverTime": "2025-01-02T03:04:05Z", "timeZone": "UTC"}'
LAST_BYTE_SECONDS = 80
"""After the first, in a slow drip."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


def test_pages_come_over_one_connection():
    def behave(connection: socket.socket) -> None:
        while read_request(connection).strip():
            connection.sendall(json_answer('{"serverTime": "2025-01-02T03:04:05Z"}'))

    with RawServer(behave, issue().server_context()) as server, raw_client(server) as client:
        for _ in range(5):
            client.server_time()

        assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 4000\r\n\r\n" + TIME + b" " * 4000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 4000,
        HEAD + b"X-Padding: " + b"x" * 4000,
    ],
    ids=["a body", "chunks", "the headers"],
)
def test_a_slow_drip_ends_with_the_call(answer):
    def behave(connection: socket.socket) -> None:
        read_request(connection)
        for byte in answer:
            connection.sendall(bytes([byte]))
            server.stopping.wait(LAST_BYTE_SECONDS / 4000)

    deadlines = Deadlines(connect=10, read=10, total=1.5)
    with RawServer(behave, issue().server_context()) as server, raw_client(server, deadlines=deadlines) as client:
        began = time.monotonic()
        with pytest.raises(Unavailable) as error:
            client.server_time()

        assert (error.value.cause, error.value.sent) == ("timeout", True)
        assert time.monotonic() - began < LAST_BYTE_SECONDS / 2


def test_an_answer_larger_than_memory_should_hold_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(transport, "LARGEST_BODY_BYTES", 1 << 20)
    bomb = gzip.compress(b" " * (32 << 20))
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head + bomb)

    with (
        RawServer(behave, issue().server_context()) as server,
        raw_client(server) as client,
        pytest.raises(Malformed) as error,
    ):
        client.server_time()

    assert "longer than 1 MB" in error.value.sentence


def test_a_packed_answer_is_unpacked():
    packed = gzip.compress(TIME)

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
        connection.sendall(head + packed)

    with RawServer(behave, issue().server_context()) as server, raw_client(server) as client:
        assert client.server_time().time_zone == "UTC"


def test_a_redirect_is_not_followed_with_our_token(client, simulator):
    simulator.faults.add(
        {
            "path": "/api/v1/replicas$",
            "status": 307,
            "body": "",
            "headers": {"Location": f"{simulator.url}/api/v1/serverInfo"},
        }
    )

    with pytest.raises(Denied) as error:
        records(client.replicas())

    assert error.value.cause == "between"
    assert asked(simulator, "/api/v1/serverInfo") == []
