"""Tokens spare logins: as few as possible of them, for real servers count them (C05, C24, C33)."""

from datetime import UTC, datetime, timedelta

import pytest

from replicas_app.vbr import Denied, MemoryKeyring, Token, Unavailable
from tests.threads import at_once
from tests.vbr.conftest import asked, client_of, logins, records
from tests.vbr.keyrings import CountingKeyring

TOKEN = "oauth2/token$"


def test_one_login_serves_all_clients_that_share_a_keyring(connect, simulator, keyring):
    for _ in range(5):
        client = connect(keyring=keyring)
        records(client.replicas())
        client.close()

    assert logins(simulator) == 1


def test_a_token_is_renewed_by_its_refresh_token_before_it_ends(connect, simulator, keyring):
    simulator.accounts.token_seconds = 1
    client = connect(keyring=keyring)
    records(client.replicas())
    grown_old(keyring)

    records(connect(keyring=keyring).replicas())

    assert (logins(simulator), logins(simulator, "refresh_token")) == (1, 1)
    assert all(one.status == 200 for one in simulator.requests)


def test_the_lifetime_is_the_one_that_the_server_says():
    now = datetime.now(UTC)

    def renewal(expires_in) -> float:
        token = Token.from_answer({"access_token": "a", "refresh_token": "r", "expires_in": expires_in}, now)
        return (token.renew_at - now).total_seconds()

    assert (renewal(900), renewal("3600"), renewal(10)) == (840, 3540, 8)
    assert renewal(None) == renewal("soon") == renewal(-1) == renewal(float("nan")) == 840


def test_a_refused_refresh_falls_back_to_the_password(connect, simulator, keyring):
    records(connect(keyring=keyring).replicas())
    simulator.accounts.end_all()
    grown_old(keyring)

    assert len(records(connect(keyring=keyring).replicas())) == 6

    assert (logins(simulator), logins(simulator, "refresh_token")) == (2, 1)


@pytest.mark.parametrize(
    "rule",
    [{"status": 400, "body": {"error": "invalid_grant"}}, {"status": 500}, {"status": 401, "body": ""}],
    ids=["400", "500", "an empty 401"],
)
def test_any_answer_that_is_no_token_makes_a_refresh_fall_back(connect, simulator, keyring, rule):
    records(connect(keyring=keyring).replicas())
    simulator.faults.add({"path": TOKEN, "times": 1} | rule)
    grown_old(keyring)

    assert len(records(connect(keyring=keyring).replicas())) == 6
    assert logins(simulator) == 2


def test_a_refresh_that_breaks_off_is_not_used_again_and_no_password_follows_at_once(connect, simulator, keyring):
    client = connect(keyring=keyring)
    records(client.replicas())
    simulator.faults.add({"path": TOKEN, "times": 1, "action": "reset"})
    grown_old(keyring)

    with pytest.raises(Unavailable):
        records(connect(keyring=keyring).replicas())
    assert keyring.load() is None
    assert len(records(connect(keyring=keyring).replicas())) == 6
    assert (logins(simulator), logins(simulator, "refresh_token")) == (2, 1)


def test_a_server_that_is_too_busy_to_refresh_gets_no_password(connect, simulator, keyring):
    records(connect(keyring=keyring).replicas())
    simulator.faults.add({"path": TOKEN, "status": 503})
    old = grown_old(keyring)

    with pytest.raises(Unavailable):
        records(connect(keyring=keyring).replicas())

    assert logins(simulator) == 1
    assert keyring.load() == old


def test_many_threads_that_share_a_used_up_token_refresh_it_once(simulator, keyring):
    with client_of(simulator, keyring=keyring) as client:
        client.sign_in()
    grown_old(keyring)

    def list_replicas(_: int) -> int:
        with client_of(simulator, keyring=keyring) as client:
            return len(records(client.replicas()))

    assert at_once(6, list_replicas) == [6] * 6
    assert (logins(simulator), logins(simulator, "refresh_token")) == (1, 1)


def test_a_token_that_dies_in_the_middle_of_a_listing_costs_one_login_and_no_row(connect, simulator):
    client = connect()
    expected = {point.id for point in records(client.points())}
    simulator.faults.add({"path": "/api/v1/replicaPoints$", "when": "3", "action": "expire"})

    found = records(client.points(page_size=10))

    assert {point.id for point in found} == expected
    assert len(found) == len(expected)
    assert logins(simulator) == 2


@pytest.mark.parametrize("body", ["", "\x00\ufffd", {"errorCode": "InvalidToken", "message": "no"}])
def test_a_call_that_is_refused_with_a_new_token_too_gives_up(connect, simulator, body):
    simulator.faults.add({"path": "/api/v1/replicas$", "status": 401, "body": body})
    keyring = CountingKeyring()

    with pytest.raises(Denied) as error:
        records(connect(keyring=keyring).replicas())

    assert (error.value.cause, error.value.status) == ("token", 401)
    assert len(asked(simulator, "/api/v1/replicas")) == 2
    assert (logins(simulator) + logins(simulator, "refresh_token"), keyring.refused) == (2, [])


def test_signing_out_ends_the_token_on_the_server(connect, simulator, keyring):
    client = connect(keyring=keyring)
    records(client.replicas())
    token = keyring.load()

    client.sign_out()

    assert keyring.load() is None
    keyring.save(token)
    records(connect(keyring=keyring).replicas())
    assert logins(simulator) == 2


def test_a_stored_token_is_the_same_again():
    token = Token("access", "refresh", datetime.now(UTC))

    assert Token.from_text(token.to_text()) == token
    for text in ("", "{}", "[]", '"x"', '{"access":"a","refresh":"r","renew_at":5}'):
        with pytest.raises(ValueError):
            Token.from_text(text)


def grown_old(keyring: MemoryKeyring) -> Token:
    """Makes the token one that has to be renewed now."""
    token = keyring.load()
    old = Token(token.access, token.refresh, datetime.now(UTC) - timedelta(seconds=1))
    keyring.save(old)
    return old
