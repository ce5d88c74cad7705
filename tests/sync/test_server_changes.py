"""Servers that are no longer who or what they were: another certificate, another revision, another account."""

import socket
from contextlib import closing

import pytest

from replicas_app.choices import SyncState, TrustMode
from replicas_app.models import BackupServer, Event
from replicas_app.simulator import Simulator
from replicas_app.vbr import Deadlines, fingerprint_of, retries
from replicas_app.vbr import client as vbr_client
from tests.factories import make_server_of
from tests.sync.faulty import LISTED, NEW_ID, REPLICAS, TOKEN, asked, held, is_told, oldest, there
from tests.syncing import do_sync

LIVE_REFUSAL = {
    "errorCode": "NotImplemented",
    "message": "The resource 'https://vbr01.example.test:9419/api/oauth2/token' does not support the API version.",
    "title": "The resource does not support the API version.",
    "status": 400,
}
OLD_REFUSAL = {
    "errorCode": "UnexpectedContent",
    "message": "Unsupported RESTAPI version. The following versions are supported: v1.3-rev2.",
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """A call gives up after seconds instead of minutes."""
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.02)
    monkeypatch.setattr(vbr_client, "Deadlines", lambda: Deadlines(connect=5, read=3, total=5))


def change(server: BackupServer, **fields: object) -> None:
    for field, value in fields.items():
        setattr(server, field, value)
    server.save()


# Its certificate


def test_a_server_that_shows_another_certificate_is_told_nothing_and_loses_nothing(simulator, server):
    do_sync(server)
    before, pinned = held(), simulator.fingerprint
    simulator.renew_certificate()
    simulator.world.points.pop()
    simulator.requests.clear()

    run = do_sync(server)

    assert (run.state, run.error_cause, simulator.requests) == (SyncState.FAILED, "tls_changed", [])
    assert fingerprint_of(pinned) in run.error
    assert fingerprint_of(simulator.fingerprint) in run.error
    assert held() == before
    assert is_told(run, server)


def test_once_the_new_certificate_is_accepted_the_server_is_read_again(simulator, server):
    do_sync(server)
    simulator.renew_certificate()
    do_sync(server)

    change(server, pinned_sha256=simulator.fingerprint)
    run = do_sync(server)

    assert (run.state, server.last_error) == (SyncState.SUCCEEDED, "")
    assert held() == there(simulator)


def test_a_certificate_that_changes_between_two_pages_ends_the_read_and_keeps_what_came(simulator, server):
    simulator.manners.max_limit = 20
    do_sync(server)
    before = held()
    simulator.world.points.pop()
    simulator.world.points.append(oldest(simulator) | {"id": NEW_ID})
    simulator.faults.add({**LISTED, "when": "2", "action": "certificate"})
    simulator.faults.add({**LISTED, "when": "2", "action": "reset"})

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "tls_changed")
    assert held() == (before[0], before[1] | {NEW_ID})


# Its revision


def test_an_upgrade_that_still_offers_our_revision_does_not_move_us(transactional_db):
    with Simulator(replicas=3, vms=1, points=2, versions=("1.2-rev1", "1.3-rev0")) as simulator:
        server = make_server_of(simulator)
        do_sync(server)
        simulator.manners.versions = ("1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2")

        run = do_sync(server)

    assert (run.state, server.api_version) == (SyncState.SUCCEEDED, "1.3-rev0")


@pytest.mark.parametrize("names_versions", [True, False])
def test_an_upgrade_that_drops_our_revision_says_what_there_is_and_leaves_the_choice_to_a_person(
    transactional_db, names_versions
):
    with Simulator(replicas=3, vms=1, points=2, versions=("1.3-rev0",), names_versions=names_versions) as simulator:
        server = make_server_of(simulator)
        do_sync(server)
        before = held()
        simulator.manners.versions = ("1.3-rev1", "1.3-rev2")
        simulator.accounts.end_all()

        run = do_sync(server)

    assert (run.state, run.error_cause, server.api_version) == (SyncState.FAILED, "version", "1.3-rev0")
    assert "Tried: 1.3-rev0." in run.error
    assert "1.3-rev2" in run.error.partition("Offered:")[2]
    assert (held(), server.refused_sign_ins) == (before, 0)
    assert is_told(run, server)


def test_an_upgrade_in_the_middle_of_a_read_removes_nothing(simulator, server):
    simulator.manners.max_limit = 20
    do_sync(server)
    before = held()
    simulator.world.points.pop()
    simulator.faults.add({**LISTED, "when": "2", "action": "versions", "versions": ["1.2-rev1"]})

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "version")
    assert held() == before


def test_another_revision_brings_back_nothing_and_changes_no_state(transactional_db):
    """1.3-rev2 has another word for the type of a replica, and another one for a platform."""
    with Simulator(replicas=20, vms=1, points=2, versions=("1.3-rev1",)) as simulator:
        server = make_server_of(simulator)
        do_sync(server)
        before, events = held(), Event.objects.count()
        simulator.manners.versions = ("1.3-rev1", "1.3-rev2")

        change(server, api_version="1.3-rev2")
        run = do_sync(server)

    assert (run.state, run.replicas_added, run.replicas_removed) == (SyncState.SUCCEEDED, 0, 0)
    assert (run.points_added, run.points_removed) == (0, 0)
    assert (held(), Event.objects.count()) == (before, events)


@pytest.mark.parametrize("body", [LIVE_REFUSAL, OLD_REFUSAL], ids=["live", "old"])
def test_a_refused_revision_is_no_refused_login(simulator, server, body):
    simulator.faults.add({"path": "", "status": 400, "body": body})

    runs = [do_sync(server) for _ in range(3)]

    assert {(run.state, run.error_cause) for run in runs} == {(SyncState.FAILED, "version")}
    assert "Tried: 1.3-rev2" in runs[0].error
    assert "password" not in runs[0].error
    assert (server.api_version, server.refused_sign_ins, server.sign_in_paused_until) == ("", 0, None)


def test_negotiation_steps_down_on_the_live_refusal_and_keeps_what_it_found(transactional_db):
    with Simulator(replicas=2, vms=1, points=2, versions=("1.3-rev1",), swagger=False) as simulator:
        simulator.faults.add({"path": "", "when": "1-2", "status": 400, "body": LIVE_REFUSAL})
        server = make_server_of(simulator)

        run = do_sync(server)

    assert (run.state, server.api_version) == (SyncState.SUCCEEDED, "1.3-rev1")


def test_one_refused_revision_does_not_move_a_choice_that_was_made(simulator, server):
    do_sync(server)
    simulator.faults.add({"path": "", "times": 1, "status": 400, "body": LIVE_REFUSAL})

    refused, then = do_sync(server), do_sync(server)

    assert (refused.error_cause, then.state, server.api_version) == ("version", SyncState.SUCCEEDED, "1.3-rev2")


# One fault, many causes


def _rules(*rules: dict) -> object:
    return lambda simulator, server: [simulator.faults.add(rule) for rule in rules]


def _closed_port(simulator: Simulator, server: BackupServer) -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        change(server, base_url=f"https://127.0.0.1:{unused.getsockname()[1]}")


def _role(role: str) -> object:
    return lambda simulator, server: setattr(simulator.accounts.users["svc"], "role", role)


def _denied(status: int, **body: object) -> dict:
    return {"path": REPLICAS, "status": status, "body": {"errorCode": "AccessDenied", **body}}


def _new_login(simulator: Simulator, server: BackupServer) -> None:
    simulator.accounts.end_all()
    change(server, token_encrypted="")


CAUSES = {
    "dns": lambda simulator, server: change(server, base_url="https://no-such-host.invalid:9419"),
    "refused": _closed_port,
    "tls_untrusted": lambda simulator, server: change(server, trust=TrustMode.SYSTEM),
    "tls_changed": lambda simulator, server: simulator.renew_certificate(),
    "port": _rules({"path": "serverTime$", "action": "html", "status": 200}),
    "version": lambda simulator, server: change(server, api_version="9.9-rev9"),
    "login": lambda simulator, server: (_new_login(simulator, server), change(server, password="wrong")),
    "locked": lambda simulator, server: (_new_login(simulator, server), simulator.faults.add(
        {"path": TOKEN, "status": 401, "body": {"message": "The account is locked for 30 minutes."}})),
    "mfa": lambda simulator, server: (_new_login(simulator, server), simulator.faults.add(
        {"path": TOKEN, "status": 401, "body": {"message": "Multi-factor authentication is required."}})),
    "role": _role("viewer"),
    "licence": _rules(_denied(403, message="The license does not include this feature.")),
    "server": _rules({"path": REPLICAS, "status": 500}),
    "between": _rules({"path": REPLICAS, "action": "html", "status": 403}),
    "answer": _rules({"path": REPLICAS, "action": "invalid_json"}),
    "timeout": _rules({"path": REPLICAS, "action": "delay", "seconds": 30}),
    "reset": _rules({"path": REPLICAS, "action": "reset"}),
    "busy": _rules({"path": REPLICAS, "status": 503}),
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_has_its_own_name_and_words_and_removes_nothing(simulator, server, cause):
    do_sync(server)
    before = held()
    CAUSES[cause](simulator, server)

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, cause)
    assert held() == before
    assert is_told(run, server)


def test_an_expired_certificate_is_told_as_expired(transactional_db):
    with Simulator(replicas=1, vms=1, points=1, certificate_days=-2) as simulator:
        server = make_server_of(simulator, trust=TrustMode.BUNDLE, ca_bundle=simulator.certificate)

        run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "tls_expired")


def test_what_only_an_administrator_may_read_is_no_fault(simulator, server):
    simulator.accounts.users["svc"].role = "restore operator"

    run = do_sync(server)

    assert (run.state, server.capabilities["serverInfo"]) == (SyncState.SUCCEEDED, "role")
    assert held() == there(simulator)
    assert len(asked(simulator, "/api/v1/serverInfo")) == 1
