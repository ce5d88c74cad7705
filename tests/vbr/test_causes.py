"""Each cause, provoked for real: what a person is told about a server that cannot be used."""

import os
import pickle
import socket
import ssl

import pytest

from replicas_app.simulator import Simulator
from replicas_app.vbr import (
    Deadlines,
    Denied,
    Malformed,
    Rejected,
    Trust,
    Unavailable,
    VbrError,
    fetch_certificate,
    fingerprint_of,
)
from replicas_app.vbr.causes import BY_CODE, explain
from tests.vbr.conftest import IMPATIENT, closed_port, fault_of, records
from tests.vbr.raw import RawServer, issue, json_answer, read_request, saying

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


def test_a_name_that_does_not_resolve():
    error = fault_of("https://nosuch.invalid:9419")

    assert (type(error), error.cause, error.sent) == (Unavailable, "dns", False)


def test_a_port_where_nothing_listens():
    error = fault_of(f"https://127.0.0.1:{closed_port()}")

    assert (type(error), error.cause, error.sent) == (Unavailable, "refused", False)


def test_a_port_whose_server_never_answers_the_handshake():
    with RawServer(lambda connection: connection.recv(1) and connection.recv(4096) and connection.recv(1)) as server:
        error = fault_of(server.url, deadlines=Deadlines(connect=0.5, read=0.5, total=2))

    assert (type(error), error.cause, error.sent) == (Unavailable, "timeout", False)


def test_a_server_that_takes_the_request_and_never_answers():
    certificate = issue()

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.recv(1)

    with RawServer(behave, certificate.server_context()) as server:
        error = fault_of(server.url, deadlines=IMPATIENT)

    assert (type(error), error.cause, error.sent) == (Unavailable, "timeout", True)


def test_a_server_that_hangs_up_instead_of_shaking_hands():
    with RawServer(lambda connection: None) as server:
        error = fault_of(server.url)

    assert (type(error), error.cause, error.sent) == (Unavailable, "reset", False)


def test_a_secure_connection_that_breaks_after_the_request_broke_off_and_is_no_matter_of_trust():
    def behave(connection: socket.socket) -> None:
        read_request(connection)
        os.write(connection.fileno(), b"HTTP/1.1 200 OK, but not through TLS\r\n\r\n")

    with RawServer(behave, issue().server_context()) as server:
        error = fault_of(server.url, api_version="1.3-rev2")

    assert (type(error), error.cause, error.sent) == (Unavailable, "reset", True)


def test_plain_http_at_the_port():
    with Simulator(replicas=1, still=True, tls=False) as simulator:
        error = fault_of(simulator.url.replace("http://", "https://"))

    assert (type(error), error.cause) == (Denied, "not_tls")


def test_a_greeting_of_something_else_at_the_port():
    with RawServer(
        lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n") or connection.recv(4096)
    ) as server:
        error = fault_of(server.url)

    assert (type(error), error.cause) == (Denied, "not_tls")


def test_plain_http_asked_of_a_tls_port(simulator):
    error = fault_of(simulator.url.replace("https://", "http://"))

    assert error.cause in ("port", "reset")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_a_server_with_nothing_newer_than_tls_1_1():
    context = issue().server_context()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1

    with RawServer(saying(b""), context) as server:
        error = fault_of(server.url)

    assert (type(error), error.cause) == (Denied, "tls_other")


def test_a_certificate_of_nobody_whom_we_know(simulator):
    error = fault_of(simulator.url, Trust.system())

    assert (type(error), error.cause, error.sent) == (Denied, "tls_untrusted", False)


@pytest.mark.parametrize(("days", "since_days"), [(-1, 5), (10, -5)], ids=["expired", "not yet valid"])
def test_a_certificate_out_of_its_dates(days, since_days):
    certificate = issue(days=days, since_days=since_days)

    with RawServer(saying(b""), certificate.server_context()) as server:
        error = fault_of(server.url, Trust.bundle(certificate.pem))

    assert (type(error), error.cause) == (Denied, "tls_expired")


@pytest.mark.parametrize("name", ["vbr02.example.test", "127.0.0.2"])
def test_a_certificate_for_another_name(name):
    certificate = issue(name)

    with RawServer(saying(b""), certificate.server_context()) as server:
        error = fault_of(server.url, Trust.bundle(certificate.pem))

    assert (type(error), error.cause) == (Denied, "tls_name")


def test_another_certificate_than_the_pinned_one_is_shown_beside_it(simulator):
    pinned = "ab" * 32

    error = fault_of(simulator.url, Trust.pin(pinned))

    assert (type(error), error.cause, error.sent) == (Denied, "tls_changed", False)
    assert (error.shown, error.pinned) == (simulator.fingerprint, pinned)
    assert fingerprint_of(simulator.fingerprint) in error.sentence
    assert simulator.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        json_answer('{"hello": "world"}'),
        json_answer("OK"),
        json_answer("[]"),
        json_answer('{"message": "no such page"}', status="404 Not Found"),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
        b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example.test/\r\nContent-Length: 0\r\n\r\n",
        b"\x15\x03\x01 this is no HTTP\r\n\r\n",
    ],
)
def test_something_that_is_not_the_rest_api(answer):
    with RawServer(saying(answer), issue().server_context()) as server:
        error = fault_of(server.url, api_version="1.3-rev2")

    assert (type(error), error.cause) == (Denied, "port")


@pytest.mark.parametrize(("status", "kind"), [(403, Denied), (407, Denied), (502, Unavailable), (503, Unavailable)])
def test_a_page_of_something_between(client, simulator, status, kind):
    page = '<!DOCTYPE html><html><head><title>Gate &amp; <b>Guard</b></title></head><script>alert("x")</script></html>'
    simulator.faults.add({"path": "/api", "action": "html", "status": status, "body": page})

    with pytest.raises(kind) as error:
        client.server_time()

    assert (error.value.cause, error.value.status) == ("between", status)
    assert error.value.detail == "a web page titled “Gate & Guard”"


@pytest.mark.parametrize(
    ("rule", "kind", "cause"),
    [
        ({"status": 200, "action": "html"}, Malformed, "between"),
        ({"status": 404, "action": "html"}, Denied, "between"),
        ({"status": 302, "body": "", "headers": {"Location": "https://x.example.test/"}}, Denied, "between"),
        ({"status": 403, "body": "blocked by policy 17", "content_type": "text/plain"}, Denied, "between"),
        ({"status": 403, "body": ""}, Denied, "role"),
        ({"status": 403, "body": {"errorCode": "AccessDenied", "message": "x"}}, Denied, "role"),
        ({"status": 403, "body": {"message": "The license does not allow this."}}, Denied, "licence"),
        ({"status": 500, "body": {"message": "No valid licence is installed"}}, Denied, "licence"),
        ({"status": 403, "body": {"message": "It is not supported by your product edition."}}, Denied, "licence"),
        ({"status": 429, "body": {"message": "slow"}}, Unavailable, "busy"),
        ({"status": 503, "body": {"message": "slow"}}, Unavailable, "busy"),
        ({"status": 503, "body": ""}, Unavailable, "busy"),
        ({"status": 500, "body": {"message": "oops"}}, Unavailable, "server"),
        ({"status": 500, "body": ""}, Unavailable, "server"),
        ({"status": 502, "body": ""}, Unavailable, "between"),
        ({"status": 400, "body": {"errorCode": "UnexpectedContent", "message": "bad date"}}, Rejected, "rejected"),
        ({"status": 405, "body": {"errorCode": "MethodNotAllowed", "message": "x"}}, Rejected, "rejected"),
        ({"status": 404, "body": {"errorCode": "NotFound", "message": "x"}}, Rejected, "gone"),
        ({"status": 404, "body": ""}, Rejected, "gone"),
        ({"status": 200, "body": "{"}, Malformed, "answer"),
        ({"status": 200, "body": ""}, Malformed, "answer"),
        ({"status": 200, "body": "[]"}, Malformed, "answer"),
        ({"status": 200, "body": {"data": None, "pagination": {}}}, Malformed, "answer"),
        ({"status": 200, "body": {"pagination": {"total": 0, "count": 0}}}, Malformed, "answer"),
        ({"action": "reset"}, Unavailable, "reset"),
        ({"action": "truncate"}, Unavailable, "reset"),
        ({"action": "invalid_json"}, Malformed, "answer"),
    ],
)
def test_an_answer_to_a_call_has_its_cause(client, simulator, rule, kind, cause):
    status = {"reset": None, "truncate": None, "invalid_json": 200}.get(rule.get("action"), rule.get("status"))
    simulator.faults.add({"path": "/api/v1/replicas$"} | rule)

    with pytest.raises(VbrError) as error:
        records(client.replicas())

    assert (type(error.value), error.value.cause) == (kind, cause)
    assert error.value.status == status


def test_an_answer_that_is_not_packed_as_it_says_is_malformed(client, simulator):
    simulator.faults.add({"path": "/api/v1/replicas$", "status": 200, "headers": {"Content-Encoding": "gzip"}})

    with pytest.raises(Malformed) as error:
        records(client.replicas())

    assert error.value.cause == "answer"


def test_a_server_error_keeps_the_servers_words_to_one_line_of_plain_text(client, simulator):
    words = "Deadlock\r\n\tin <b>database</b>\x00 " + "x" * 1000
    simulator.faults.add({"path": "/api/v1/replicas$", "status": 500, "body": {"message": words}})

    with pytest.raises(Unavailable) as error:
        records(client.replicas())

    assert error.value.detail.startswith("Deadlock in database")
    assert error.value.detail.isprintable()
    assert len(error.value.detail) == 300


def test_every_cause_has_a_sentence_and_a_fix():
    for cause in BY_CODE.values():
        assert cause.sentence.endswith(".")
        assert cause.fix.endswith(".")
    assert explain("of a newer version").sentence


def test_an_error_survives_being_sent_to_another_process():
    error = Denied("tls_changed", "x", shown="ab", pinned="cd", status=None, sent=False)

    twin = pickle.loads(pickle.dumps(error))

    assert (type(twin), twin.__dict__, str(twin)) == (Denied, error.__dict__, str(error))


def test_the_certificate_is_looked_at_without_sending_anything(simulator):
    certificate = fetch_certificate("127.0.0.1", simulator.port)

    assert certificate.sha256 == simulator.fingerprint
    assert certificate.fingerprint.replace(":", "").lower() == simulator.fingerprint
    assert certificate.subject == certificate.issuer == "CN=vbr-sim"
    assert certificate.is_self_signed
    assert certificate.not_before < certificate.not_after
    assert {"localhost", "127.0.0.1", "::1"} <= set(certificate.names)
    assert simulator.requests == []


def test_an_issued_and_expired_certificate_is_shown_as_it_is():
    authority = issue("Our CA", is_ca=True)
    leaf = issue("vbr01.example.test", by=authority, days=-1)

    with RawServer(saying(b""), leaf.server_context(authority)) as server:
        certificate = fetch_certificate("127.0.0.1", server.port)

    assert (certificate.sha256, certificate.is_self_signed) == (leaf.sha256, False)
    assert (certificate.subject, certificate.issuer) == ("CN=vbr01.example.test", "CN=Our CA")


@pytest.mark.parametrize(("host", "cause"), [("nosuch.invalid", "dns"), ("127.0.0.1", "refused")])
def test_a_certificate_that_cannot_be_fetched_has_a_cause(host, cause):
    with pytest.raises(Unavailable) as error:
        fetch_certificate(host, closed_port())

    assert error.value.cause == cause


def test_a_port_without_tls_has_no_certificate():
    with Simulator(replicas=1, still=True, tls=False) as simulator, pytest.raises(Denied) as error:
        fetch_certificate("127.0.0.1", simulator.port)

    assert error.value.cause == "not_tls"
