import pytest

from replicas_app.models import BackupServer
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.syncing import do_sync


@pytest.fixture
def simulator():
    with Simulator(replicas=6, vms=2, points=5, seed=7, still=True, tls=True) as simulator:
        yield simulator


@pytest.fixture
def server(transactional_db, simulator) -> BackupServer:
    return make_server_of(simulator)


@pytest.fixture
def swept(simulator, server) -> BackupServer:
    """A server that was read whole a moment ago."""
    do_sync(server)
    simulator.requests.clear()
    return server
