"""Backup servers that take connections and answer nothing: whoever waits for a healthy one waits for seconds."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from replicas_app.simulator import Simulator
from tests.stack.running import PROJECT, Dashboard, manage, surroundings, wait_for

PROCESSES = 2
HUNG = ("hung-1", "hung-2", "hung-3")
"""One more than there are processes that read."""
WELL = "well"
HANGS = {"action": "delay", "seconds": 600}
BREAKS_OFF = {"action": "reset"}
INTERVAL_SECONDS = 5
DEADLINE_SECONDS = 60
MOST_SECONDS_TO_ASK = 8
"""From the press to the request; a second or two on a machine that has nothing else to do."""
KNOCK_SECONDS = 12
"""What a server that answers nothing costs a process from the second interval on."""


@pytest.fixture(scope="module")
def simulators() -> Iterator[dict[str, Simulator]]:
    with ExitStack() as running:
        yield {
            name: running.enter_context(Simulator(replicas=3, vms=1, points=2, seed=7, still=True))
            for name in (*HUNG, WELL)
        }


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory, simulators: dict[str, Simulator]) -> Iterator[Dashboard]:
    """One with as many processes that read as the docs call the least, whose servers have all been read once."""
    running = Dashboard(tmp_path_factory.mktemp("hung") / "data", WORKER_CONCURRENCY=str(PROCESSES))
    try:
        running.ready()
        connecting = [connect(running, name, simulator) for name, simulator in simulators.items()]
        assert [one.wait() for one in connecting] == [0] * len(connecting)
        wait_for(lambda: reads(running, "state = 'succeeded'") >= len(simulators), DEADLINE_SECONDS, running)
        yield running
    finally:
        running.end()


def connect(dashboard: Dashboard, name: str, simulator: Simulator) -> subprocess.Popen:
    command = ["manage.py", "add_server", name, simulator.url, "--username", simulator.username, "--trust", "pin"]
    return subprocess.Popen(
        [sys.executable, *command, "--password-env", "PW"],
        cwd=PROJECT,
        env=surroundings(dashboard.data, PW=simulator.password),
        stdout=subprocess.DEVNULL,
    )


def reads(dashboard: Dashboard, condition: str, name: str = "%") -> int:
    """How many reads of the servers called so are so."""
    (found,) = dashboard.sql(
        "SELECT count(*) FROM sync_run r JOIN backup_server s ON s.id = r.server_id"
        f" WHERE s.name LIKE '{name}' AND {condition.replace('state', 'r.state')}"
    )
    return found


def fall_ill(simulators: dict[str, Simulator], fault: dict[str, object]) -> None:
    for name in HUNG:
        simulators[name].faults.clear()
        simulators[name].faults.add(fault)


def test_a_rescan_of_a_healthy_server_starts_within_seconds_while_all_processes_that_read_hang(dashboard, simulators):
    fall_ill(simulators, HANGS)
    dashboard.sql("UPDATE backup_server SET next_sync_at = now() WHERE name LIKE 'hung%'")
    wait_for(lambda: reads(dashboard, "state = 'running'", "hung%") == PROCESSES, DEADLINE_SECONDS, dashboard)

    assert manage(dashboard.data, "rescan", "--server", WELL).returncode == 0
    wait_for(lambda: dashboard.sql("SELECT session_id FROM rescan") != (None,), DEADLINE_SECONDS * 4, dashboard)

    (seconds,) = dashboard.sql("SELECT extract(epoch FROM asked_at - created_at)::float FROM rescan")
    print(f"from the press to the request: {seconds:.1f} s")
    assert reads(dashboard, "state = 'running'", "hung%") == PROCESSES
    assert seconds < MOST_SECONDS_TO_ASK
