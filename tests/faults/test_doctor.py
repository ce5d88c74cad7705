"""A connection test of a server that answers anything ends with a report: it is made for servers that are ill."""

import pytest

from replicas_app import doctor
from replicas_app.doctor.report import FAILED, OPEN, PASSED, WARNED
from replicas_app.simulator import Simulator
from replicas_app.vbr import retries
from tests.factories import make_server_of

PATHS = ("swagger", "serverTime$", "oauth2/token$", "replicas$", "replicaPoints$", "sessions$", "serverInfo$")
BODIES = (
    None, [], {}, 0, "text", True, {"data": None}, {"data": {}}, {"data": [None, 7, {}]}, {"data": [], "pagination": 5},
    {"data": [], "pagination": {"total": -1}}, {"data": [], "pagination": {"total": 10**30}},
    {"data": [{"id": 5}], "pagination": {"total": None}}, {"serverTime": None}, {"serverTime": "2199-12-31T23:59:59Z"},
    {"serverTime": 5}, {"access_token": "", "expires_in": []}, {"access_token": "a\r\nb"}, {"vbrId": None},
    {"vbrId": "x", "name": None, "buildVersion": 5}, {"vbrId": "x", "patches": [1]}, {"message": {"a": 1}, "errorCode": 5},
)  # fmt: skip
RULES = [
    *({"status": 200, "body": body} for body in BODIES),
    *({"status": status, "body": {"message": None, "errorCode": None}} for status in (400, 401, 403, 404, 405, 410, 418)),
    *({"status": status} for status in (204, 302, 429, 500, 501, 503)),
    *({"action": action} for action in ("reset", "truncate", "invalid_json", "empty", "html")),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)


@pytest.fixture(scope="module")
def simulator():
    with Simulator(replicas=3, vms=1, points=2, seed=7, still=True, tls=True) as simulator:
        yield simulator


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_whatever_one_call_answers_the_test_ends_with_a_report(simulator, path):
    server = make_server_of(simulator)
    for rule in RULES:
        simulator.faults.clear()
        simulator.faults.add({"path": path, **rule})

        report = doctor.examine(server)
        doctor.keep(server, report)

        assert {step.status for step in report.steps} <= {PASSED, WARNED, FAILED, OPEN}
        assert doctor.stage_of(server.__class__.objects.get(), server.created_at) != "running"
    simulator.faults.clear()


@pytest.mark.django_db
def test_a_server_that_names_no_totals_is_told_without_a_number(simulator):
    for path in ("replicas$", "replicaPoints$"):
        simulator.faults.add({"path": path, "action": "remove", "at": "pagination"})

    report = doctor.examine(make_server_of(simulator))
    simulator.faults.clear()

    said = {step.key: step.detail for step in report.steps}
    assert (said["replicas"], said["points"]) == ("the server does not say how many",) * 2
    assert report.passed
