"""What is asked again, and how often; what never is; and that every call ends."""

import gzip
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event

import pytest

from replicas_app.vbr import (
    Client,
    Deadlines,
    Denied,
    Malformed,
    Retries,
    Trust,
    Unavailable,
    Unclear,
    VbrError,
    transport,
)
from tests.vbr.conftest import asked, client_of, logins, records
from tests.vbr.raw import RawServer, issue, json_answer, read_request

REPLICAS = "/api/v1/replicas$"
RESCAN = "/api/v1/replicas/rescan$"

passing_faults = pytest.mark.parametrize(
    "rule",
    [
        {"status": 429},
        {"status": 503},
        {"status": 500},
        {"status": 502, "action": "html"},
        {"status": 200, "action": "html"},
        {"action": "reset"},
        {"action": "truncate"},
        {"action": "invalid_json"},
    ],
    ids=lambda rule: " ".join(str(value) for value in rule.values()),
)

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@passing_faults
def test_a_listing_outlives_a_passing_fault(client, simulator, waits, rule):
    simulator.faults.add({"path": REPLICAS, "times": 2} | rule)

    assert len(records(client.replicas())) == 6
    first, second = waits
    assert 0.25 <= first <= 0.75
    assert 0.5 <= second <= 1.5


def test_clients_that_failed_together_do_not_come_back_together(client, simulator, waits):
    simulator.faults.add({"path": REPLICAS, "when": "1,3,5,7", "status": 503})

    for _ in range(4):
        records(client.replicas())

    assert len(set(waits)) == 4


@passing_faults
def test_a_fault_that_does_not_pass_ends_the_call_after_three_tries(client, simulator, waits, rule):
    simulator.faults.add({"path": REPLICAS} | rule)

    with pytest.raises((Unavailable, Malformed)):
        records(client.replicas())

    assert (len(asked(simulator, "/api/v1/replicas")), len(waits)) == (3, 2)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_not_asked_again(client, simulator, waits, status):
    simulator.faults.add({"path": "/api/v1/serverInfo$", "status": status})

    with pytest.raises(VbrError):
        client.server_info()

    assert (len(asked(simulator, "/api/v1/serverInfo")), waits) == (1, [])


def test_a_login_is_never_asked_again_by_itself(client, simulator, waits):
    simulator.faults.add({"path": "oauth2/token$", "status": 500})

    with pytest.raises(Unavailable):
        records(client.replicas())

    assert (logins(simulator), waits) == (1, [])


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("spell", "seconds"),
    [
        (lambda now: "7", 7),
        (lambda now: format_datetime(now + timedelta(seconds=12), usegmt=True), 12),
        (lambda now: "86400", 30),
        (lambda now: format_datetime(now + timedelta(days=2), usegmt=True), 30),
    ],
    ids=["seconds", "a date", "too many seconds", "a date far away"],
)
def test_retry_after_is_obeyed_in_both_forms_up_to_a_cap(connect, simulator, waits, status, spell, seconds):
    client = connect(deadlines=Deadlines(total=100))
    said = spell(datetime.now(UTC))
    simulator.faults.add({"path": REPLICAS, "times": 1, "status": status, "headers": {"Retry-After": said}})

    assert len(records(client.replicas())) == 6
    [waited] = waits
    assert seconds - 1.5 < waited <= seconds


@pytest.mark.parametrize(
    "said", ["soon", "-5", "", "٣", format_datetime(datetime(2001, 1, 1, tzinfo=UTC), usegmt=True)]
)
def test_a_retry_after_that_says_nothing_does_not_stop_the_call(client, simulator, waits, said):
    header = {"Retry-After": said.encode().decode("latin-1")}
    simulator.faults.add({"path": REPLICAS, "times": 1, "status": 429, "headers": header})

    assert len(records(client.replicas())) == 6
    assert 0 < waits[0] < 1


def test_a_wait_past_the_deadline_of_the_call_is_not_begun(connect, simulator, waits):
    simulator.faults.add({"path": REPLICAS, "status": 503, "headers": {"Retry-After": "25"}})

    with pytest.raises(Unavailable) as error:
        records(connect().replicas())

    assert (error.value.cause, error.value.retry_after, waits) == ("busy", 25, [])


def test_who_is_asked_to_stop_does_not_ask_again(connect, simulator):
    stopping = Event()
    stopping.set()
    simulator.faults.add({"path": REPLICAS, "status": 503})

    with pytest.raises(Unavailable):
        records(connect(retries=Retries(5, stopping.wait)).replicas())

    assert len(asked(simulator, "/api/v1/replicas")) == 1


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({"action": "reset"}, "reset"),
        ({"action": "truncate"}, "reset"),
        ({"status": 500}, "server"),
        ({"status": 503}, "busy"),
        ({"status": 502, "body": ""}, "between"),
        ({"action": "html", "status": 502}, "between"),
        ({"action": "html", "status": 200}, "between"),
        ({"action": "html", "status": 403}, "between"),
        ({"status": 201, "body": ""}, "answer"),
        ({"status": 201, "body": {"id": "no uuid", "state": "Working"}}, "answer"),
        ({"action": "invalid_json"}, "answer"),
        ({"action": "delay", "seconds": 2}, "timeout"),
    ],
    ids=str,
)
def test_a_rescan_that_may_have_started_is_unclear_and_is_not_repeated(connect, simulator, rule, cause):
    client = connect(deadlines=Deadlines(connect=5, read=0.3, total=5))
    [replica, *_] = records(client.replicas())
    simulator.faults.add({"path": RESCAN} | rule)

    with pytest.raises(Unclear) as error:
        client.rescan([replica.id])

    assert error.value.cause == cause
    assert "not known" in error.value.sentence
    assert len(asked(simulator, "/api/v1/replicas/rescan")) == 1


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({"status": 400, "body": {"errorCode": "UnexpectedContent", "message": "no"}}, "rejected"),
        ({"status": 403, "body": {"errorCode": "AccessDenied", "message": "no"}}, "role"),
        ({"status": 404, "body": {"errorCode": "NotFound", "message": "no"}}, "gone"),
        ({"status": 429}, "busy"),
    ],
    ids=str,
)
def test_a_rescan_that_was_refused_did_not_start(client, simulator, rule, cause):
    simulator.faults.add({"path": RESCAN} | rule)

    with pytest.raises(VbrError) as error:
        client.rescan([records(client.replicas())[0].id])

    assert not isinstance(error.value, Unclear)
    assert error.value.cause == cause
    assert len(asked(simulator, "/api/v1/replicas/rescan")) == 1


def test_a_rescan_whose_connection_was_never_made_did_not_start(simulator):
    with client_of(simulator) as client:
        [replica, *_] = records(client.replicas())
        simulator.stop()

        with pytest.raises(Unavailable) as error:
            client.rescan([replica.id])

    assert (error.value.cause, error.value.sent) == ("refused", False)


def test_a_rescan_that_is_refused_for_its_token_is_sent_again_with_a_new_one(client, simulator):
    [replica, *_] = records(client.replicas())
    simulator.accounts.end_all()

    assert client.rescan([replica.id]).type == "ConfigurationResynchronize"

    assert [one.status for one in asked(simulator, "/api/v1/replicas/rescan")] == [401, 201]


def test_a_rescan_goes_out_on_a_connection_of_its_own():
    """A server may close an idle connection at any moment; a POST lost on one would be unclear for nothing."""
    session = '{"id": "12345678-1234-1234-1234-123456789012", "state": "Starting"}'
    token = json_answer('{"access_token": "a", "expires_in": 900}')
    answers = {b"POST /api/oauth2/token": token, b"POST /api/v1/replicas/rescan": json_answer(session, "201 Created")}

    def behave(connection: socket.socket) -> None:
        while request := read_request(connection).strip():
            connection.sendall(next(answer for start, answer in answers.items() if request.startswith(start)))

    with RawServer(behave, issue().server_context()) as server, raw_client(server) as client:
        client.sign_in()
        assert server.connections == 1

        client.rescan(["12345678-1234-1234-1234-123456789012"])

        assert server.connections == 2


def test_pages_come_over_one_connection():
    def behave(connection: socket.socket) -> None:
        while read_request(connection).strip():
            connection.sendall(json_answer('{"serverTime": "2025-01-02T03:04:05Z"}'))

    with RawServer(behave, issue().server_context()) as server, raw_client(server) as client:
        for _ in range(5):
            client.server_time()

        assert server.connections == 1


TIME = b'{"serverTime": "2025-01-02T03:04:05Z", "timeZone": "UTC"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


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
            server.stopping.wait(0.02)

    deadlines = Deadlines(connect=2, read=0.5, total=0.6)
    with RawServer(behave, issue().server_context()) as server, raw_client(server, deadlines=deadlines) as client:
        began = time.monotonic()
        with pytest.raises(Unavailable) as error:
            client.server_time()

        assert (error.value.cause, error.value.sent) == ("timeout", True)
        assert time.monotonic() - began < 1.5


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
        {"path": REPLICAS, "status": 307, "body": "", "headers": {"Location": f"{simulator.url}/api/v1/serverInfo"}}
    )

    with pytest.raises(Denied) as error:
        records(client.replicas())

    assert error.value.cause == "between"
    assert asked(simulator, "/api/v1/serverInfo") == []


def raw_client(server: RawServer, **given) -> Client:
    wanted = {"trust": Trust.off(), "api_version": "1.3-rev2", "retries": Retries(0)}
    return Client(server.url, "svc", "pw1", **wanted | given)
