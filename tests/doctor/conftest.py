import pytest

from replicas_app import doctor
from replicas_app.doctor import Report, Step
from replicas_app.models import BackupServer
from replicas_app.simulator import Simulator
from tests.factories import make_server_of

TOKEN = "/api/oauth2/token$"
REPLICAS = "^/api/v1/replicas$"


@pytest.fixture
def simulator():
    with Simulator(replicas=3, vms=1, points=2, seed=7, still=True, tls=True) as simulator:
        yield simulator


@pytest.fixture
def server(db, simulator) -> BackupServer:
    return make_server_of(simulator)


def examined(server: BackupServer, **changes: object) -> Report:
    """The report on the server, after these changes to its row."""
    for field, value in changes.items():
        setattr(server, field, value)
    server.save()
    return doctor.examine(server)


def step(report: Report, key: str) -> Step:
    return next(step for step in report.steps if step.key == key)


def failed(report: Report) -> list[tuple[str, str]]:
    """(question, cause) of all that failed."""
    return [(step.key, step.cause) for step in report.steps if step.status == "critical"]
