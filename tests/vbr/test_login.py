"""Logins are counted by real servers: as few as possible, never one too many (C05, C24, C33)."""

import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from replicas_app.simulator import Simulator
from replicas_app.vbr import Denied, Malformed, MemoryKeyring, Token, Unavailable, VbrError
from tests.threads import at_once
from tests.vbr.conftest import asked, client_of, logins, records
from tests.vbr.keyrings import CountingKeyring

TOKEN = "oauth2/token$"


@pytest.fixture
def keyring() -> CountingKeyring:
    return CountingKeyring()


@pytest.mark.parametrize(
    "password",
    [
        "p&a=s+s%20 wörd\"'\\;",
        " leading and trailing ",
        "x" * 200,
        "\u4f60\u597d \U0001f511 \t",
        "a+b&c=d%zz#?/",
        "\u00e4" * 50,
    ],
)
@pytest.mark.parametrize("username", ["CORP\\svc-dr", "svc@corp.example", "Jörg Müller"])
def test_any_character_of_a_name_and_a_password_arrives(username, password):
    with (
        Simulator(replicas=1, still=True, username=username, password=password) as simulator,
        client_of(simulator) as client,
    ):
        client.sign_in()

        [request] = asked(simulator, "/api/oauth2/token")
        form = parse_qs(request.body.decode("ascii"), keep_blank_values=True, encoding="utf-8")
        assert form == {"grant_type": ["password"], "username": [username], "password": [password]}
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"


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


def test_a_wrong_password_is_sent_once_and_told_to_the_keyring(connect, simulator, keyring):
    with pytest.raises(Denied) as error:
        records(connect(password="wrong", keyring=keyring).replicas())

    assert (error.value.cause, error.value.status) == ("login", 401)
    assert "DOMAIN\\user" in error.value.fix
    assert logins(simulator) == 1
    assert [one.cause for one in keyring.refused] == ["login"]


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("The account is locked out for 00:30:00 after repeated failed log-ins", 1800),
        ("The account is locked out for 1.00:00:05", 86405),
        ("Account locked. Try again in 15 minutes.", 900),
        ("User is locked out", None),
    ],
)
def test_a_locked_account_is_told_with_its_end(connect, simulator, keyring, words, seconds):
    simulator.faults.add({"path": TOKEN, "status": 401, "body": {"errorCode": "AccessDenied", "message": words}})
    now = datetime.now(UTC)

    with pytest.raises(Denied) as error:
        connect(keyring=keyring).sign_in()

    assert error.value.cause == "locked"
    if seconds is None:
        assert error.value.until is None
    else:
        assert 0 <= (error.value.until - now).total_seconds() - seconds < 5
    assert [one.cause for one in keyring.refused] == ["locked"]


def test_the_simulators_own_lock_is_seen_as_one(connect, simulator):
    simulator.accounts.lock_after = 1

    with pytest.raises(Denied) as error:
        connect(password="wrong").sign_in()

    assert error.value.cause == "locked"
    assert "Until" in error.value.sentence


def test_an_account_with_a_second_factor_is_told():
    with (
        Simulator(replicas=1, still=True, mfa_users=["svc"]) as simulator,
        client_of(simulator) as client,
        pytest.raises(Denied) as error,
    ):
        client.sign_in()

    assert error.value.cause == "mfa"


@pytest.mark.parametrize("path", [TOKEN, "/api/v1/replicas$"])
@pytest.mark.parametrize(
    ("rule", "finding", "counted"),
    [
        ({"action": "html", "status": 403}, (Denied, "between"), []),
        (
            {"status": 401, "body": {"errorCode": "AccessDenied", "message": "No authorization.", "status": 401}},
            (Denied, {TOKEN: "login", "/api/v1/replicas$": "token"}),
            ["login"],
        ),
        ({"status": 403, "body": {"errorCode": "AccessDenied", "message": "Not for you."}}, (Denied, "role"), ["role"]),
        (
            {"status": 500, "body": {"message": "authentication failed for svc@internal"}},
            (Unavailable, "server"),
            ["server"],
        ),
    ],
    ids=["a firewall", "the login", "the role", "a server error"],
)
def test_four_refusals_have_four_faces(connect, simulator, keyring, path, rule, finding, counted):
    simulator.faults.add({"path": path} | rule)
    kind, cause = finding

    with pytest.raises(kind) as error:
        records(connect(keyring=keyring).replicas())

    assert error.value.cause == (cause if isinstance(cause, str) else cause[path])
    assert "<" not in error.value.sentence
    assert [one.cause for one in keyring.refused] == (counted if path == TOKEN else [])
    assert logins(simulator) == 1


def test_a_server_error_at_the_login_speaks_its_own_words(connect, simulator):
    simulator.faults.add({"path": TOKEN, "status": 500, "body": {"message": "authentication failed for svc@internal"}})

    with pytest.raises(Unavailable) as error:
        connect().sign_in()

    assert error.value.sentence == "The server reports a fault of its own: authentication failed for svc@internal."


def test_a_login_that_the_keyring_forbids_is_not_sent(connect, simulator, keyring):
    until = datetime.now(UTC) + timedelta(minutes=15)
    keyring.forbids = Denied("paused", until=until)

    with pytest.raises(Denied) as error:
        records(connect(keyring=keyring).replicas())

    assert (error.value.cause, error.value.until) == ("paused", until)
    assert (logins(simulator), keyring.refused) == (0, [])


def test_a_pause_forbids_no_call_with_a_token_that_is_good(connect, keyring):
    records(connect(keyring=keyring).replicas())
    keyring.forbids = Denied("paused")

    assert len(records(connect(keyring=keyring).replicas())) == 6


def test_an_answer_without_a_token_is_malformed(connect, simulator, keyring):
    simulator.faults.add({"path": TOKEN, "status": 200, "body": {"token_type": "bearer"}})

    with pytest.raises(Malformed) as error:
        connect(keyring=keyring).sign_in()

    assert "access_token" in error.value.sentence
    assert (keyring.succeeded, keyring.refused) == (0, [])


def test_signing_in_tries_the_password_even_where_there_is_a_token(connect, simulator):
    keyring = MemoryKeyring()
    records(connect(keyring=keyring).replicas())

    with pytest.raises(Denied):
        connect(keyring=keyring, password="wrong").sign_in()


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


def test_no_secret_is_in_any_log_line_repr_or_exception(connect, simulator, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "geheimes Wort & mehr"
    simulator.accounts.users["svc"].password = secret
    keyring = CountingKeyring()
    client = connect(password=secret, keyring=keyring)
    records(client.replicas())
    token = keyring.load()
    echo = {
        "message": f"cannot log in svc with {secret} and {token.access}, {token.refresh}",
        "errorCode": "UnknownError",
    }
    faults = [{"status": 500, "body": echo}, {"status": 400, "body": echo}, {"action": "reset"}, {"action": "truncate"}]
    faults += [{"action": "html", "status": 403, "body": f"<title>{secret}</title>"}, {"action": "invalid_json"}]

    errors = []
    for fault in faults:
        simulator.faults.clear()
        simulator.faults.add({"path": "replicas$|oauth2"} | fault)
        for call in (client.sign_in, lambda: records(client.replicas())):
            with pytest.raises(VbrError) as error:
                call()
            errors.append(error.value)

    told = [caplog.text, repr(client), repr(token), repr(client._connection.__dict__)]
    told += [f"{one!r} {one} {one.args} {one.__dict__} {one.sentence}" for error in errors for one in chain_of(error)]
    for text in told:
        for word in (secret, "geheimes%20Wort", token.access, token.refresh):
            assert word not in text


def chain_of(error: BaseException | None) -> list[BaseException]:
    if error is None:
        return []
    return [error, *chain_of(error.__cause__), *chain_of(error.__context__)]


def grown_old(keyring: MemoryKeyring) -> Token:
    """Makes the token one that has to be renewed now."""
    token = keyring.load()
    old = Token(token.access, token.refresh, datetime.now(UTC) - timedelta(seconds=1))
    keyring.save(old)
    return old
