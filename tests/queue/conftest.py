import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.celery import app
from replicas_app.models import BackupServer
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.queue.processes import Broker, forget_connections


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """A broker of this test alone, to which this process and those that it starts send."""
    with tempfile.TemporaryDirectory(prefix="broker-") as folder:  # not tmp_path, whose name is too long for a socket
        broker = Broker(Path(folder))
        monkeypatch.setenv("CELERY_BROKER_URL", broker.url)
        monkeypatch.setattr(app.conf, "broker_write_url", broker.url)
        forget_connections()
        yield broker
        forget_connections()
        broker.stop(9)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(replicas=4, vms=1, points=3, seed=7, still=True) as simulator:
        yield simulator


@pytest.fixture
def server(transactional_db: None, simulator: Simulator) -> BackupServer:
    """A server that is due."""
    return make_server_of(simulator, trust="off")
