import pytest
from django.utils import timezone

from replicas_app import rescans
from replicas_app.models import BackupServer, Replica, Rescan
from replicas_app.simulator import Simulator
from tests.factories import make_replica, make_server_of
from tests.queue.conftest import broker  # noqa: F401


@pytest.fixture
def simulator():
    with Simulator(replicas=6, vms=1, points=2, seed=7, still=True, tls=True, rescan_seconds=60) as simulator:
        yield simulator


@pytest.fixture
def server(db, simulator) -> BackupServer:
    """A server whose replicas are known, without their points: they were not read here, which takes its time."""
    server = make_server_of(simulator, last_success_at=timezone.now(), last_full_at=timezone.now())
    for one in simulator.world.replicas:
        make_replica(server, one["name"], uuid=one["id"], type=one["type"], state=one.get("state", ""))
    return server


@pytest.fixture
def replicas(server) -> list[Replica]:
    return list(server.replicas.order_by("pk").select_related("server"))


@pytest.fixture
def rescan(replicas) -> Rescan:
    """A wish for the first two replicas; no step of it was taken yet."""
    return rescans.start(None, replicas[:2]).started[0]
