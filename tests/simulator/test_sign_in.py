"""Logins, tokens, locks and roles."""

import re
from collections.abc import Callable

import pytest

from replicas_app.simulator import Simulator

from .asking import NEWEST, Caller

Start = Callable[..., Simulator]
Ask = Callable[..., Caller]
INVALID = "Unable to perform authorization: The provided user credentials are invalid."


def test_a_token_says_how_long_it_lives_and_its_times_have_no_offset(ask: Ask):
    token = ask(token_seconds=600).token

    assert (token["expires_in"], token["token_type"]) == (600, "bearer")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+", token[key]) for key in (".issued", ".expires"))


def test_an_access_token_ends_when_it_said_so(ask: Ask):
    caller = ask(token_seconds=600)

    caller.simulator.clock.advance(599)
    before = caller.get("/api/v1/replicas").status_code
    caller.simulator.clock.advance(2)
    after = caller.get("/api/v1/replicas")

    assert (before, after.status_code, after.json()["errorCode"]) == (200, 401, "ExpiredToken")


def test_a_refresh_token_works_once(ask: Ask):
    caller = ask()

    first = caller.renewed(caller.token["refresh_token"])
    again = caller.renewed(caller.token["refresh_token"])

    assert (first.status_code, again.status_code) == (200, 401)
    assert caller.renewed(first.json()["refresh_token"]).status_code == 200


@pytest.mark.parametrize(("days", "status"), [(13.9, 200), (14.1, 401)])
def test_a_refresh_token_lives_for_fourteen_days(days: float, status: int, ask: Ask):
    caller = ask()

    caller.simulator.clock.advance(days * 86400)

    assert caller.renewed(caller.token["refresh_token"]).status_code == status


def test_a_logout_ends_both_tokens(ask: Ask):
    caller = ask()

    assert caller.post("/api/oauth2/logout").json() == {}

    assert caller.get("/api/v1/replicas").status_code == 401
    assert caller.renewed(caller.token["refresh_token"]).status_code == 401


def test_one_logout_leaves_other_logins_of_the_same_user_alone(ask: Ask):
    caller = ask()
    other = Caller(caller.simulator).signed_in()

    caller.post("/api/oauth2/logout")

    assert other.get("/api/v1/replicas").status_code == 200


def test_a_rejected_token_can_come_back_with_an_empty_body(ask: Ask):
    caller = ask(empty_unauthorized=True)
    caller.session.headers["Authorization"] = "Bearer unknown"

    answer = caller.get("/api/v1/replicas")

    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("given", [("svc", "wrong"), ("nobody", "pw1"), ("CORPsvc", "pw1")])
def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(given: tuple[str, str], start: Start):
    answer = Caller(start()).token_for(*given)

    assert answer.status_code == 401
    assert answer.json() == {"errorCode": "AccessDenied", "message": INVALID, "title": INVALID, "status": 401}


@pytest.mark.parametrize(
    ("username", "password"),
    [("CORP\\svc-dr", "p&a=s+s%20 wörd\"'\\;"), ("svc", " padded "), ("svc", "x" * 200), ("Ünal", "🔑")],
)
def test_any_name_and_password_can_sign_in(username: str, password: str, start: Start):
    caller = Caller(start(username=username, password=password))

    assert caller.token_for().status_code == 200
    assert caller.token_for(username, password.strip() + "x").status_code == 401


def test_after_five_wrong_passwords_the_account_is_locked_for_half_an_hour(start: Start):
    caller = Caller(start())

    refusals = [caller.token_for("svc", "wrong").json()["message"] for _ in range(5)]
    right = caller.token_for()
    caller.simulator.clock.advance(1801)

    locked = "The account is locked out for 00:30:00 after repeated failed log-ins."
    assert refusals == [INVALID] * 4 + [locked]
    assert (right.status_code, right.json()["message"]) == (401, locked)
    assert caller.token_for().status_code == 200


def test_a_good_login_clears_the_count_of_wrong_ones(start: Start):
    caller = Caller(start())

    for _ in range(3):
        [caller.token_for("svc", "wrong") for _ in range(4)]

        assert caller.token_for().status_code == 200


def test_an_account_with_mfa_cannot_use_the_api(start: Start):
    caller = Caller(start(users={"anna": ("pw2", "administrator")}, mfa_users=["anna"]))

    answer = caller.token_for("anna", "pw2")

    assert answer.status_code == 401
    assert "Multi-factor" in answer.json()["message"]


@pytest.mark.parametrize("spelling", ["password", "Password"])
def test_grant_types_count_in_any_case(spelling: str, start: Start):
    form = {"grant_type": spelling, "username": "svc", "password": "pw1"}

    assert Caller(start()).post("/api/oauth2/token", data=form).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"json": {"grant_type": "password", "username": "svc", "password": "pw1"}},
        {"data": {"grant_type": "password", "username": "svc"}},
        {"data": {"username": "svc", "password": "pw1"}},
        {
            "data": b"grant_type=password&username=\xff",
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        },
    ],
    ids=["as JSON", "no password", "no grant type", "not encoded"],
)
def test_a_login_that_is_no_proper_form_is_malformed(given: dict, start: Start):
    assert Caller(start()).post("/api/oauth2/token", **given).status_code == 400


RIGHTS = {
    "administrator": {"replicas": 200, "replicaPoints": 200, "sessions": 200, "jobs/states": 200, "serverInfo": 200},
    "restore operator": {"replicas": 200, "replicaPoints": 200, "sessions": 200, "jobs/states": 200, "serverInfo": 403},
    "viewer": {"replicas": 403, "replicaPoints": 403, "sessions": 200, "jobs/states": 200, "serverInfo": 403},
}


@pytest.mark.parametrize("role", RIGHTS)
def test_a_role_reads_what_it_may(role: str, ask: Ask):
    caller = ask(role=role)

    statuses = {path: caller.get(f"/api/v1/{path}").status_code for path in RIGHTS[role]}

    assert statuses == RIGHTS[role]


@pytest.mark.parametrize(("role", "status"), [("administrator", 201), ("Restore-Operator", 201), ("viewer", 403)])
def test_a_role_rescans_if_it_may(role: str, status: int, ask: Ask):
    caller = ask(role=role)
    replica = caller.simulator.world.replicas[0]

    answer = caller.rescan(replica["id"])

    assert answer.status_code == status
    assert status == 201 or answer.json()["errorCode"] == "AccessDenied"


def test_a_custom_role_logs_in_on_the_newest_revision_only(start: Start):
    simulator = start(role="custom")

    statuses = {revision: Caller(simulator, revision).token_for().status_code for revision in ("1.3-rev1", NEWEST)}

    assert statuses == {"1.3-rev1": 401, NEWEST: 200}
