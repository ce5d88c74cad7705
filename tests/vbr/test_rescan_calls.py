"""The call that starts a rescan: one that may have been carried out is unclear, and is never repeated."""

import socket

import pytest

from replicas_app.vbr import MemoryKeyring, Unavailable, Unclear, VbrError
from tests.vbr.conftest import IMPATIENT, PATIENT, asked, client_of, raw_client, records
from tests.vbr.raw import RawServer, issue, json_answer, read_request

RESCAN = "/api/v1/replicas/rescan$"

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


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
    keyring = MemoryKeyring()
    [replica, *_] = records(connect(keyring=keyring).replicas())
    simulator.faults.add({"path": RESCAN} | rule)

    with pytest.raises(Unclear) as error:
        connect(keyring=keyring, deadlines=IMPATIENT if cause == "timeout" else PATIENT).rescan([replica.id])

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
