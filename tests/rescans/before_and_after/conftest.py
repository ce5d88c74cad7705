import pytest

from replicas_app.models import BackupServer
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.syncing import do_sync


@pytest.fixture
def simulator():
    """Replicas of two VMs with three points each."""
    with Simulator(replicas=4, vms=2, points=3, seed=7, still=True, tls=True, rescan_seconds=60) as simulator:
        yield simulator


@pytest.fixture
def server(transactional_db, simulator) -> BackupServer:
    """A server that was read once."""
    server = make_server_of(simulator)
    do_sync(server)
    simulator.requests.clear()
    return server
