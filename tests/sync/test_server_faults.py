"""What servers do to whoever reads them: answers that fail, break off or mean nothing, and tokens that end.

One that passes costs time and nothing else. One that lasts costs the sync: what was read until then is stored, nothing
is removed, the data keeps its age, and a person is told in a sentence.
"""

import time

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import Replica
from replicas_app.vbr import Deadlines, retries
from replicas_app.vbr import client as vbr_client
from tests.sync.faulty import LISTED, NEW_ID, POINTS, REPLICAS, TOKEN, asked, held, is_told, newest, oldest, there
from tests.syncing import do_sync

NO_TOKEN = {"errorCode": "InvalidToken", "message": "The token is not valid."}
DENIED = {"errorCode": "AccessDenied", "message": "Access is denied."}
LICENCE = {"errorCode": "AccessDenied", "message": "This requires a Veeam Universal License."}
FAULTS = [
    ({"status": 500}, "server", "The server reports a fault of its own"),
    ({"status": 503, "headers": {"Retry-After": "3600"}}, "busy", "The server is too busy to answer"),
    ({"status": 429}, "busy", "The server is too busy to answer"),
    ({"action": "html", "status": 502}, "between", "Something between this machine and the server answered"),
    ({"action": "html", "status": 200}, "between", "Something between this machine and the server answered"),
    ({"action": "empty", "status": 200}, "answer", "The server's answer cannot be read"),
    ({"action": "invalid_json"}, "answer", "The server's answer cannot be read"),
    ({"status": 200, "body": {"data": None}}, "answer", "a listing without its list"),
    ({"status": 200, "body": []}, "answer", "a listing without its list"),
    ({"action": "truncate"}, "reset", "The connection broke off in the middle"),
    ({"action": "reset"}, "reset", "The connection broke off in the middle"),
    ({"action": "delay", "seconds": 30}, "timeout", "The server did not answer in time"),
    ({"action": "drip", "seconds": 0.5}, "timeout", "The server did not answer in time"),
]  # fmt: skip
PASSING = [
    rule for rule, cause, _ in FAULTS if cause != "timeout" and not isinstance(rule.get("body", ""), dict | list)
]
REFUSALS = [
    ({"status": 403, "body": DENIED}, "role"),
    ({"status": 403, "body": LICENCE}, "licence"),
    ({"action": "html", "status": 403}, "between"),
    ({"status": 400, "body": {"errorCode": "UnexpectedContent", "message": "no"}}, "rejected"),
    ({"status": 401, "body": NO_TOKEN}, "token"),
    ({"action": "empty", "status": 401}, "token"),
]


def name_of(value: object) -> str:
    return "-".join(str(part) for part in value.values()) if isinstance(value, dict) else ""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """A call gives up after seconds instead of minutes."""
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.02)
    monkeypatch.setattr(vbr_client, "Deadlines", lambda: Deadlines(connect=5, read=3, total=5))


@pytest.fixture
def changed(simulator, server):
    """A server that was read whole, and at which a replica changed, points came, and others went since."""
    simulator.manners.max_limit = 20
    do_sync(server)
    simulator.world.replicas[0] |= {"type": "Regular", "state": "Failback"}
    simulator.world.points.remove(newest(simulator))
    simulator.world.points.append(oldest(simulator) | {"id": NEW_ID})
    simulator.requests.clear()
    return server


@pytest.mark.parametrize("rule", PASSING, ids=name_of)
def test_a_fault_that_passes_costs_nothing(simulator, changed, rule):
    rule = {name: value for name, value in rule.items() if name != "headers"}  # nobody waits here
    meant = ({"path": REPLICAS, "when": "1"}, {**LISTED, "when": "2"})
    faults = [simulator.faults.add(requests | rule) for requests in meant]

    run = do_sync(changed)

    assert (run.state, run.error) == (SyncState.SUCCEEDED, "")
    assert [fault.fired for fault in faults] == [1, 1]
    assert held() == there(simulator)


@pytest.mark.parametrize(("rule", "cause", "words"), FAULTS, ids=name_of)
def test_a_fault_that_lasts_keeps_what_was_read_and_removes_nothing(simulator, changed, rule, cause, words):
    before, last_success = held(), changed.last_success_at
    simulator.faults.add({**LISTED, "when": "2-", **rule})

    run = do_sync(changed)

    assert (run.state, run.error_cause) == (SyncState.FAILED, cause)
    assert words in run.error
    assert held() == (before[0], before[1] | {NEW_ID})
    assert Replica.objects.get(uuid=simulator.world.replicas[0]["id"]).state == "Failback"
    assert changed.last_success_at == last_success
    assert is_told(run, changed)


@pytest.mark.parametrize(("rule", "cause"), REFUSALS, ids=name_of)
@pytest.mark.parametrize("path", [REPLICAS, POINTS])
def test_a_refusal_empties_no_list(simulator, changed, path, rule, cause):
    before = held()
    simulator.faults.add({"path": path, **rule})

    run = do_sync(changed)

    assert (run.state, run.error_cause) == (SyncState.FAILED, cause)
    assert held() == before
    assert is_told(run, changed)


def test_what_was_missed_in_a_failed_sync_comes_with_the_next(simulator, changed):
    simulator.faults.add({**LISTED, "when": "2-4", "action": "reset"})

    failed = do_sync(changed)
    then = do_sync(changed)

    assert (failed.state, then.state) == (SyncState.FAILED, SyncState.SUCCEEDED)
    assert held() == there(simulator)
    assert changed.last_error == ""


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_left_alone_that_long(simulator, changed, status):
    simulator.faults.add({**LISTED, "when": "1", "status": status, "headers": {"Retry-After": "1"}})
    began = time.monotonic()

    run = do_sync(changed)

    assert time.monotonic() - began >= 1
    assert run.state == SyncState.SUCCEEDED


def test_a_drip_that_ends_in_time_is_read_to_its_end(simulator, changed):
    simulator.faults.add({"path": REPLICAS, "action": "drip", "bytes": 200, "seconds": 0.01})

    assert do_sync(changed).state == SyncState.SUCCEEDED
    assert held() == there(simulator)


@pytest.mark.parametrize("when", ["1", "2", "3"])
def test_a_token_that_dies_in_the_middle_of_a_listing_costs_one_login(simulator, changed, when):
    simulator.faults.add({**LISTED, "when": when, "action": "expire"})

    run = do_sync(changed)

    assert (run.state, run.error) == (SyncState.SUCCEEDED, "")
    assert held() == there(simulator)
    assert len(asked(simulator, "/api/oauth2/token")) == 2  # its refresh token is refused, then the password


def test_a_refused_refresh_falls_back_to_the_password(simulator, changed):
    simulator.clock.advance(2000)
    refused = simulator.faults.add({"path": TOKEN, "sent": "refresh_token", "status": 401, "body": NO_TOKEN})

    run = do_sync(changed)

    assert run.state == SyncState.SUCCEEDED
    assert refused.fired == 1
    assert held() == there(simulator)
    assert changed.refused_sign_ins == 0


def test_a_server_that_takes_no_token_at_all_is_not_asked_for_ever(simulator, changed):
    simulator.faults.add({**LISTED, "status": 401, "body": NO_TOKEN})

    run = do_sync(changed)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "token")
    assert len(asked(simulator, "/api/oauth2/token")) <= 2
    assert changed.refused_sign_ins == 0
