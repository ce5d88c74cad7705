"""What a worker and a broker hold stays the same, however much they have done."""

import psutil
import pytest

from replicas_app import sync, tasks
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.models import SyncRun
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.waiting import wait_until
from tests.workers import worker

DEADLINE_SECONDS = 60
WARM, SWEEPS, STEPS = 4, 14, 400
MOST_GROWTH = 1.1


@pytest.fixture(scope="module")
def simulator():
    with Simulator(replicas=60, vms=2, points=20, seed=7, still=True) as simulator:
        yield simulator


def sweep(server, number: int) -> None:
    """The full sweep of this number, by the worker."""
    run, _ = sync.request(server, SyncTrigger.SHELL, full="a test")
    tasks.sync_server.delay(run.pk)
    swept = SyncRun.objects.filter(state=SyncState.SUCCEEDED, is_full=True)
    wait_until(lambda: swept.count() == number, DEADLINE_SECONDS)


def held_by(process: psutil.Process) -> int:
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


def test_after_many_sweeps_and_steps_a_worker_holds_what_it_held_and_the_broker_keeps_nothing(
    broker, transactional_db, simulator
):
    server = make_server_of(simulator, trust="off")
    with worker() as process:
        for number in range(1, WARM + 1):
            sweep(server, number)
        held, keys = held_by(psutil.Process(process.pid)), broker.client.dbsize()

        for number in range(WARM + 1, SWEEPS + 1):
            sweep(server, number)
        for _ in range(STEPS):
            tasks.follow_rescan.delay(0)
        wait_until(lambda: broker.messages() == 0, DEADLINE_SECONDS)

        wait_until(lambda: broker.client.dbsize() <= keys, DEADLINE_SECONDS)
        assert held_by(psutil.Process(process.pid)) <= held * MOST_GROWTH
