"""A connection test of a server that answers anything ends with a report: it is made for servers that are ill."""

import pytest

from replicas_app import doctor
from replicas_app.doctor.report import FAILED, OPEN, PASSED, WARNED
from replicas_app.simulator import Simulator
from replicas_app.vbr import retries
from tests.factories import make_server_of
from tests.faults.answers import RULES

PATHS = ("swagger", "serverTime$", "oauth2/token$", "replicas$", "replicaPoints$", "sessions$", "serverInfo$")


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
