"""What the connection test finds, against a real server over real TLS."""

import socket
from contextlib import closing

import pytest

from replicas_app import doctor
from replicas_app.simulator import Simulator
from tests.doctor.conftest import REPLICAS, TOKEN, examined, failed, step
from tests.factories import make_server_of

QUESTIONS = [
    "name", "port", "certificate", "rest", "revision", "login",
    "replicas", "points", "sessions", "rescan", "server_info",
    "clock", "page", "pace", "licence",
]  # fmt: skip
WRONG_PASSWORD = {
    "errorCode": "AccessDenied",
    "message": "No authorization: these user credentials are not valid.",
    "status": 401,
}


def statuses(report):
    return {step.key: step.status for step in report.steps}


def test_a_healthy_server_passes_every_step_and_is_never_asked_to_rescan(server, simulator):
    report = doctor.examine(server)

    assert report.passed
    assert report.verdict == "Everything that the dashboard needs works."
    assert statuses(report) == dict.fromkeys(QUESTIONS, "ok")
    assert {request.method for request in simulator.requests if "token" not in request.path} == {"GET"}


def test_a_server_at_an_ipv6_address_is_tested_and_pinned_like_any_other(db):
    with Simulator(replicas=1, vms=1, points=1, host="::1") as simulator:
        server = make_server_of(simulator)

        report = doctor.examine(server)

    assert server.base_url.startswith("https://[::1]:")
    assert report.passed


def test_the_report_tells_its_steps_as_they_come(server):
    heard = []

    doctor.examine(server, tell=lambda report: heard.append(sum(step.was_asked for step in report.steps)))

    assert heard == sorted(heard)
    assert heard[0] == 0
    assert heard[-1] == len(QUESTIONS)


def test_a_name_that_does_not_resolve_is_the_finding_and_the_rest_is_not_reached(server):
    report = examined(server, base_url="https://no-such-host.invalid:9419")

    assert failed(report) == [("name", "dns")]
    assert step(report, "port").detail == "not reached"


def test_a_closed_port_is_told_as_closed(server):
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]

    report = examined(server, base_url=f"https://127.0.0.1:{closed}")

    assert failed(report) == [("port", "refused")]
    assert "service" in step(report, "port").fix


def test_the_other_port_of_backup_servers_is_named_where_it_is_open(server, monkeypatch):
    with closing(socket.socket()) as other, closing(socket.socket()) as unused:
        other.bind(("127.0.0.1", 0))
        other.listen()
        unused.bind(("127.0.0.1", 0))
        closed, opened = unused.getsockname()[1], other.getsockname()[1]
        unused.close()
        monkeypatch.setattr("replicas_app.doctor.network.REST_PORTS", (opened,))

        report = examined(server, base_url=f"https://127.0.0.1:{closed}")

    assert f"https://127.0.0.1:{opened}" in step(report, "port").fix


def test_a_port_that_speaks_no_tls_is_told_as_such(server):
    with Simulator(replicas=1, vms=1, points=1, tls=False) as plain:
        report = examined(server, base_url=plain.url.replace("http://", "https://"))

    assert failed(report) == [("certificate", "not_tls")]


def test_nothing_is_sent_before_a_certificate_is_accepted(server, simulator):
    report = examined(server, pinned_sha256="")

    assert failed(report) == [("certificate", "tls_unconfirmed")]
    assert report.certificate["sha256"] == simulator.fingerprint
    assert simulator.requests == []


def test_a_changed_certificate_shows_the_old_and_the_new_fingerprint(server, simulator):
    report = examined(server, pinned_sha256="ab" * 32)

    assert failed(report) == [("certificate", "tls_changed")]
    assert "AB:AB" in step(report, "certificate").fix
    assert report.certificate["fingerprint"] in step(report, "certificate").fix
    assert simulator.requests == []


def test_a_self_signed_certificate_is_not_trusted_by_the_system(server):
    report = examined(server, trust="system")

    assert failed(report) == [("certificate", "tls_untrusted")]


def test_a_bundle_with_the_servers_own_certificate_is_enough(server, simulator):
    report = examined(server, trust="bundle", ca_bundle=simulator.certificate)

    assert report.passed


def test_an_expired_certificate_is_told_as_expired(db):
    with Simulator(replicas=1, vms=1, points=1, certificate_days=-1) as expired:
        server = make_server_of(expired)

        report = examined(server, trust="bundle", ca_bundle=expired.certificate)

    assert failed(report) == [("certificate", "tls_expired")]


def test_an_unchecked_certificate_passes_with_a_loud_word(server):
    report = examined(server, trust="off")

    assert report.passed
    assert step(report, "certificate").status == "late"
    assert "anybody may stand in between" in step(report, "certificate").fix


def test_a_revision_that_the_server_does_not_offer_is_told_with_those_it_does(db):
    with Simulator(replicas=1, vms=1, points=1, versions=["1.2-rev1"]) as old:
        server = make_server_of(old, api_version="1.3-rev2")

        report = doctor.examine(server)

    assert failed(report) == [("revision", "version")]
    assert "1.2-rev1" in step(report, "revision").fix


@pytest.mark.parametrize("version", ["1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2"])
def test_every_known_revision_passes_and_is_kept(db, version):
    with Simulator(replicas=2, vms=1, points=1, versions=[version]) as simulator:
        server = make_server_of(simulator)

        report = doctor.examine(server)

    server.refresh_from_db()
    assert report.passed
    assert server.api_version == version


def test_an_old_server_without_a_list_of_all_points_passes(db):
    with Simulator(replicas=2, vms=1, points=1, bulk_points=False) as simulator:
        report = doctor.examine(make_server_of(simulator))

    assert report.passed
    assert step(report, "points").detail == "no list of all points: read replica by replica"


def test_a_wrong_password_is_told_together_with_the_lost_backslash(server):
    server.password = "wrong"

    report = examined(server)

    assert failed(report) == [("login", "login")]
    assert "DOMAIN\\user" in step(report, "login").fix
    assert step(report, "replicas").detail == "not reached"


def test_the_clock_is_known_although_the_login_failed(server):
    server.password = "wrong"

    report = examined(server)

    assert step(report, "clock").status == "ok"


def test_a_locked_account_is_told_with_the_end_of_the_lock(server, simulator):
    locked = {"errorCode": "AccessDenied", "message": "The account is locked out for 00:30:00 after failed log-ins"}
    simulator.faults.add({"path": TOKEN, "action": "status", "status": 401, "body": locked})

    report = doctor.examine(server)

    assert failed(report) == [("login", "locked")]
    assert "Until " in step(report, "login").fix


def test_an_account_with_a_second_factor_is_told_as_such(db):
    with Simulator(replicas=1, vms=1, points=1, mfa_users=["svc"]) as simulator:
        report = doctor.examine(make_server_of(simulator))

    assert failed(report) == [("login", "mfa")]


def test_a_viewer_is_told_which_rights_are_missing_one_by_one(db):
    with Simulator(replicas=2, vms=1, points=1, role="viewer") as simulator:
        report = doctor.examine(make_server_of(simulator))

    assert ("replicas", "role") in failed(report)
    assert ("points", "role") in failed(report)
    assert "Veeam Restore Operator" in step(report, "replicas").fix


def test_a_restore_operator_passes_without_the_servers_facts(db):
    with Simulator(replicas=2, vms=1, points=1, role="restore operator") as simulator:
        report = doctor.examine(make_server_of(simulator))

    assert report.passed
    assert step(report, "server_info").status == "late"


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({"action": "html", "status": 403}, "between"),
        ({"action": "status", "status": 401, "body": WRONG_PASSWORD}, "login"),
        ({"action": "status", "status": 403, "body": {"errorCode": "AccessDenied", "message": "No."}}, "role"),
        ({"action": "status", "status": 500, "body": {"message": "authentication failed for svc@internal"}}, "server"),
    ],
)
def test_four_refusals_of_the_login_are_four_findings(server, simulator, rule, cause):
    simulator.faults.add({"path": TOKEN, **rule})

    report = doctor.examine(server)

    assert failed(report) == [("login", cause)]
    assert "<" not in step(report, "login").fix


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({"action": "html", "status": 403}, "between"),
        ({"action": "status", "status": 401, "body": WRONG_PASSWORD}, "token"),
        ({"action": "status", "status": 403, "body": {"errorCode": "AccessDenied", "message": "No."}}, "role"),
        ({"action": "status", "status": 500, "body": {"message": "authentication failed for svc@internal"}}, "server"),
    ],
)
def test_four_refusals_of_a_list_are_four_findings(server, simulator, rule, cause):
    simulator.faults.add({"path": REPLICAS, **rule})

    report = doctor.examine(server)

    inferred = [("rescan", "role")] if cause == "role" else []
    assert failed(report) == [("replicas", cause), *inferred]


def test_a_server_error_is_told_in_its_own_words(server, simulator):
    words = {"message": "authentication failed for svc@internal"}
    simulator.faults.add({"path": TOKEN, "action": "status", "status": 500, "body": words})

    report = doctor.examine(server)

    assert "authentication failed for svc@internal" in step(report, "login").fix


def test_a_password_is_in_no_word_of_the_report(server):
    server.password = "s3cret-and-wrong"

    report = examined(server)

    assert "s3cret" not in str(report.as_json())


@pytest.mark.parametrize("username", ["CORP\\svc-dr"])
@pytest.mark.parametrize("password", ["p&a=s+s%20 wörd\"'\\;", " space before and after ", "x" * 200])
def test_users_and_passwords_of_real_domains_sign_in(db, username, password):
    with Simulator(replicas=1, vms=1, points=1, username=username, password=password) as simulator:
        report = doctor.examine(make_server_of(simulator))

    assert report.passed
