"""The login: what is sent, how each refusal is told, and that none is tried once too often (C05, C24, C33)."""

import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from replicas_app.simulator import Simulator
from replicas_app.vbr import Denied, Malformed, MemoryKeyring, Unavailable, VbrError
from tests.vbr.conftest import asked, client_of, logins, records
from tests.vbr.keyrings import CountingKeyring

TOKEN = "oauth2/token$"


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
