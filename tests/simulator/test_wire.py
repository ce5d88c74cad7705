"""HTTP and TLS as real servers speak them."""

import hashlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests

from replicas_app.simulator import Simulator

from .asking import NEWEST, Caller

Start = Callable[..., Simulator]


def raw(simulator: Simulator, sent: bytes) -> bytes:
    """All that comes back before the server closes."""
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=10) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def connected(simulator: Simulator) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cadata=simulator.certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", simulator.port, context=context, timeout=10)
    connection.connect()
    return connection


def test_an_unknown_path_is_not_found(caller: Caller):
    answer = caller.get("/api/v1/backups")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "NotFound")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/replicas", "GET"),
        ("GET", "/api/oauth2/token", "POST"),
        ("PUT", "/api/v1/replicas/rescan", "GET, POST"),
        ("POST", "/api/v1/serverTime", "GET"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_told_with_those_that_it_has(
    method: str, path: str, allowed: str, caller: Caller
):
    answer = caller.session.request(method, caller.simulator.url + path, timeout=20)

    assert (answer.status_code, answer.json()["errorCode"]) == (405, "MethodNotAllowed")
    assert answer.headers["Allow"] == allowed


def test_an_answer_to_head_has_no_body(caller: Caller):
    answer = caller.session.head(caller.simulator.url + "/api/v1/replicas", timeout=20)

    assert (answer.status_code, answer.content) == (405, b"")


def test_one_connection_carries_many_requests(start: Start):
    connection = connected(start(tls=True))
    kept, statuses = connection.sock, []

    for _ in range(20):
        connection.request("GET", "/api/v1/serverTime")
        with connection.getresponse() as answer:
            statuses.append((answer.status, len(answer.read()) > 0))

    assert statuses == [(200, True)] * 20
    assert connection.sock is kept


def test_the_certificate_is_its_own_and_its_fingerprint_is_told(start: Start):
    simulator = start(tls=True, name="vbr-berlin.example.test")

    der = ssl.PEM_cert_to_DER_cert(simulator.certificate)
    context = ssl.create_default_context(cadata=simulator.certificate)
    for name in ("localhost", "127.0.0.1", "::1", "vbr-berlin.example.test"):
        plain = socket.create_connection(("127.0.0.1", simulator.port), timeout=10)
        with context.wrap_socket(plain, server_hostname=name) as secured:
            assert secured.getpeercert(binary_form=True) == der

    assert simulator.fingerprint == hashlib.sha256(der).hexdigest()


def test_a_client_that_trusts_the_system_alone_refuses_the_certificate(start: Start):
    session = requests.Session()
    session.trust_env = False

    with pytest.raises(requests.exceptions.SSLError, match="self-signed"):
        session.get(start(tls=True).url + "/api/v1/serverTime", timeout=10)


def test_a_certificate_can_have_expired(start: Start):
    simulator = start(tls=True, certificate_days=-2)

    with pytest.raises(requests.exceptions.SSLError, match="expired"):
        Caller(simulator).get("/api/v1/serverTime")


def test_a_certificate_can_change_while_the_server_runs(start: Start):
    simulator = start(tls=True)
    caller, before = Caller(simulator), simulator.fingerprint
    assert caller.get("/api/v1/serverTime").status_code == 200

    simulator.renew_certificate()
    caller.session.close()

    assert simulator.fingerprint != before
    with pytest.raises(requests.exceptions.SSLError):
        caller.get("/api/v1/serverTime")
    assert Caller(simulator).get("/api/v1/serverTime").status_code == 200


def test_http_on_the_port_of_https_is_cut_off(start: Start):
    simulator = start(tls=True)

    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"http://127.0.0.1:{simulator.port}/api/v1/serverTime", timeout=10)
    assert Caller(simulator).get("/api/v1/serverTime").status_code == 200


def test_a_connection_that_says_nothing_holds_nobody_up(start: Start):
    simulator = start(tls=True)

    with socket.create_connection(("127.0.0.1", simulator.port), timeout=10):
        began = time.monotonic()
        assert Caller(simulator).get("/api/v1/serverTime").status_code == 200

    assert time.monotonic() - began < 5


@pytest.mark.parametrize("tls", [True, False])
def test_it_listens_on_ipv6(tls: bool, start: Start):
    simulator = start(host="::1", tls=tls)

    assert simulator.url == f"http{'s' if tls else ''}://[::1]:{simulator.port}"
    assert Caller(simulator).signed_in().all("/api/v1/replicas")


def test_it_can_stand_below_a_path(start: Start):
    simulator = start(base_path="/veeam/one/")
    outside = requests.get(f"http://127.0.0.1:{simulator.port}/api/v1/serverTime", timeout=10)

    assert simulator.url.endswith("/veeam/one")
    assert Caller(simulator).signed_in().all("/api/v1/replicas")
    assert Caller(simulator).get("/swagger/index.js").status_code == 200
    assert (outside.status_code, outside.headers["Content-Type"]) == (404, "text/html")
    assert simulator.requests[-1].path == "/swagger/index.js"


def test_its_clock_can_run_wrong(start: Start):
    wrong = datetime.now(UTC) - timedelta(hours=3)

    told = Caller(start(now=wrong)).get("/api/v1/serverTime").json()["serverTime"]

    assert abs(datetime.fromisoformat(told) - wrong) < timedelta(seconds=20)


def test_what_it_was_asked_is_kept(start: Start):
    simulator = start()
    caller = Caller(simulator).signed_in()

    caller.get("/api/v1/replicas", nameFilter=["ä b", "c"], limit=2)

    token, asked = simulator.requests
    assert (token.method, token.path, token.status) == ("POST", "/api/oauth2/token", 200)
    assert token.body == b"grant_type=password&username=svc&password=pw1"
    assert (asked.path, asked.query, asked.status) == (
        "/api/v1/replicas",
        {"nameFilter": ["ä b", "c"], "limit": ["2"]},
        200,
    )
    assert asked.headers["x-api-version"] == NEWEST


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 99000000\r\n\r\n", 413),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_and_the_server_goes_on(sent: bytes, status: int, start: Start):
    simulator = start()

    answer = raw(simulator, sent)

    assert str(status).encode() in answer.partition(b"\r\n")[0]
    assert Caller(simulator).get("/api/v1/serverTime").status_code == 200


def test_many_ask_at_once(start: Start):
    caller = Caller(start(replicas=20)).signed_in()
    statuses = []

    def ask() -> None:
        one = Caller(caller.simulator)
        one.session.headers["Authorization"] = caller.session.headers["Authorization"]
        statuses.extend(one.get("/api/v1/replicaPoints", limit=50).status_code for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert statuses == [200] * 80


def test_it_stops_at_once_and_cuts_what_is_open():
    simulator = Simulator(tls=True).start()
    connection = connected(simulator)
    connection.request("GET", "/api/v1/serverTime")
    connection.getresponse().read()
    kept = connection.sock
    began = time.monotonic()

    simulator.stop()

    assert kept.recv(1) == b""
    assert time.monotonic() - began < 5
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", simulator.port), timeout=10)


def test_a_port_can_be_taken_again_right_after_a_stop():
    with Simulator(tls=False) as first:
        port = first.port
        Caller(first).get("/api/v1/serverTime")

    with Simulator(tls=False, port=port) as second:
        assert Caller(second).get("/api/v1/serverTime").status_code == 200
