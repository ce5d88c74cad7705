import pytest

from replicas_app import sync
from replicas_app.choices import SyncTrigger
from replicas_app.models import BackupServer, SyncRun
from replicas_app.simulator import Simulator
from tests.factories import make_server_of


@pytest.fixture
def simulator():
    with Simulator(replicas=6, vms=2, points=5, seed=7, still=True, tls=True) as simulator:
        yield simulator


@pytest.fixture
def server(transactional_db, simulator) -> BackupServer:
    return make_server_of(simulator)


def do_sync(server: BackupServer, **options: object) -> SyncRun:
    """Ask for a sync of the server, carry it out here and now, and give what is written about it."""
    run, _ = sync.request(server, SyncTrigger.PERSON)
    sync.sync(run.pk, **options)
    run.refresh_from_db()
    server.refresh_from_db()
    return run
