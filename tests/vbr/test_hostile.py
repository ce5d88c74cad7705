"""Answers that no honest server gives: nothing in them ends the client otherwise than by a VbrError, or never."""

import json
import socket
from uuid import uuid4

import pytest

from replicas_app.vbr import Denied, Malformed, Unavailable, VbrError
from tests.vbr.conftest import PATIENT, logins, raw_client, records
from tests.vbr.raw import RawServer, issue, json_answer, read_request

TOKEN = "oauth2/token$"
ROW = {"name": "vm", "creationTime": "2026-11-20T10:00:00Z"}

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@pytest.mark.parametrize("lifetime", [10**400, -(10**400), "nan", "inf", "1e999", True, [], {}, "soon", 0])
def test_a_token_of_any_lifetime_can_be_used(connect, simulator, lifetime):
    simulator.faults.add({"path": TOKEN, "action": "set", "key": "expires_in", "value": lifetime})

    assert len(records(connect().replicas())) == 6


@pytest.mark.parametrize(
    "said",
    [
        "9" * 5000,
        "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 99999 00:00:00 GMT",
        "\x00",
    ],
    ids=range(6),
)
def test_a_retry_after_beyond_all_time_ends_no_call(client, simulator, said):
    simulator.faults.add({"path": "/api/v1/serverInfo$", "times": 1, "status": 503, "headers": {"Retry-After": said}})

    try:
        client.server_info()
    except VbrError as error:
        assert error.cause == "busy"


def endless(rows, total):
    """A server that has another page whatever is asked for."""

    def behave(connection: socket.socket) -> None:
        while request := read_request(connection).strip():
            if b"oauth2/token" in request:
                connection.sendall(json_answer(json.dumps({"access_token": "a", "expires_in": 900})))
            else:
                body = {"data": rows(), "pagination": {} if total is None else {"total": total}}
                connection.sendall(json_answer(json.dumps(body)))

    return RawServer(behave, issue().server_context())


@pytest.mark.parametrize("total", [5, None])
def test_a_server_that_ignores_skip_and_shows_two_pages_in_turn_is_not_read_for_ever(total):
    pages = [[ROW | {"id": str(uuid4()), "replicaId": str(uuid4())} for _ in range(5)] for _ in range(2)]

    def rows() -> list[dict]:
        pages.reverse()
        return pages[0]

    with endless(rows, total) as server, raw_client(server, deadlines=PATIENT) as client:
        with pytest.raises(Malformed) as error:
            for number, _ in enumerate(client.points(page_size=5)):
                assert number < 50

        assert "again and again" in error.value.sentence


def test_a_list_that_goes_on_far_beyond_what_was_announced_is_not_read_for_ever():
    def rows() -> list[dict]:
        return [ROW | {"id": str(uuid4()), "replicaId": str(uuid4())} for _ in range(1000)]

    with endless(rows, 10) as server, raw_client(server, deadlines=PATIENT) as client:
        with pytest.raises(Malformed) as error:
            for number, _ in enumerate(client.points(page_size=1000)):
                assert number < 300

        assert "10 rows were announced" in error.value.sentence


SECRET = "p&a=s+s%20 wörd\"'\\;<b>"
SPELLINGS = [
    SECRET,
    "p%26a%3Ds%2Bs%2520%20w%C3%B6rd%22%27%5C%3B%3Cb%3E",
    "p%26a%3Ds%2Bs%2520+w%C3%B6rd%22%27%5C%3B%3Cb%3E",
    "p%26a%3ds%2bs%2520%20w%c3%b6rd%22%27%5c%3b%3cb%3e",
    "p&amp;a=s+s%20 wörd&quot;&#x27;\\;&lt;b&gt;",
    "p&a=s+s%20 wörd\\\"'\\\\;<b>",
    "p&a=s+s%20 w\\u00f6rd\\\"'\\\\;<b>",
]


@pytest.mark.parametrize("spelled", SPELLINGS, ids=range(len(SPELLINGS)))
@pytest.mark.parametrize("status", [401, 500])
def test_a_password_is_not_quoted_however_the_server_spells_it(connect, simulator, spelled, status):
    echo = {"message": f"cannot read grant_type=password&password={spelled}&username=svc"}
    simulator.faults.add({"path": TOKEN, "status": status, "body": echo})

    with pytest.raises((Denied, Unavailable)) as error:
        connect(password=SECRET).sign_in()

    assert "grant_type=password&password=•••&username=svc" in error.value.sentence


def test_a_refresh_token_that_another_process_left_is_not_quoted(connect, simulator, keyring):
    records(connect(keyring=keyring).replicas())
    token = keyring.load()
    simulator.clock.advance(3600)
    keyring.save(type(token)(token.access, token.refresh, token.renew_at.replace(year=2001)))
    echo = {"message": f"too busy for {token.refresh} and {token.access}"}
    simulator.faults.add({"path": TOKEN, "status": 503, "body": echo})

    with pytest.raises(Unavailable) as error:
        records(connect(keyring=keyring).replicas())

    assert error.value.detail == "too busy for ••• and •••"
    assert logins(simulator, "refresh_token") == 1
