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
"""From the press to the request: a second, where the machine has little else to do."""
MOST_SECONDS_OF_A_KNOCK = 15
MOST_SECONDS_LATE = 45
"""For a read that waits behind a few knocks, of ten seconds each. Without them it were minutes."""
HOW_LATE = "extract(epoch FROM r.started_at - r.queued_at)"
HOW_LONG = "extract(epoch FROM r.ended_at - r.started_at)"


@pytest.fixture(scope="module")
def simulators() -> Iterator[dict[str, Simulator]]:
    with ExitStack() as running:
        yield {
            name: running.enter_context(Simulator(replicas=3, vms=1, points=2, seed=7, still=True))
            for name in (*HUNG, WELL)
        }


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory, simulators: dict[str, Simulator]) -> Iterator[Dashboard]:
    """One with two processes that read, whose servers have all been read once and are read every few seconds."""
    running = Dashboard(tmp_path_factory.mktemp("hung") / "data", WORKER_CONCURRENCY=str(PROCESSES))
    try:
        running.ready()
        connecting = [connect(running, name, simulator) for name, simulator in simulators.items()]
        assert [one.wait() for one in connecting] == [0] * len(connecting)
        wait_for(
            lambda: len(reads(running, "%", "r.state = 'succeeded'")) >= len(simulators), DEADLINE_SECONDS, running
        )
        running.sql(f"UPDATE backup_server SET sync_interval_seconds = {INTERVAL_SECONDS}, next_sync_at = now()")
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
        stderr=subprocess.DEVNULL,
    )


def reads(dashboard: Dashboard, name: str, condition: str, fact: str = "r.id") -> list[float]:
    """A fact of each read of the servers called so that is so."""
    (found,) = dashboard.sql(
        f"SELECT coalesce(array_agg({fact}::float), '{{}}') FROM sync_run r"
        f" JOIN backup_server s ON s.id = r.server_id WHERE s.name LIKE '{name}' AND {condition}"
    )
    return found


def newest_read(dashboard: Dashboard) -> int:
    return dashboard.sql("SELECT max(id) FROM sync_run")[0]


def all_fail(dashboard: Dashboard, simulators: dict[str, Simulator], fault: dict[str, object], cause: str) -> None:
    """Each of the servers that are to hang shows this fault, and has been read since."""
    for name in HUNG:
        simulators[name].faults.clear()
        simulators[name].faults.add(fault)
    seen = newest_read(dashboard)
    dashboard.sql("UPDATE backup_server SET next_sync_at = now()")
    failed = f"r.id > {seen} AND r.error_cause = '{cause}'"
    wait_for(lambda: len(set(reads(dashboard, "hung%", failed, "s.id"))) == len(HUNG), DEADLINE_SECONDS * 2, dashboard)


def have_hung_already(dashboard: Dashboard) -> None:
    """As if what broke off at once had hung, which takes three minutes, and had been tested after that."""
    tested = "SELECT count(*) FROM backup_server WHERE doctor_asked_at IS NOT NULL AND doctor_at IS NULL"
    wait_for(lambda: dashboard.sql(tested) == (0,), DEADLINE_SECONDS, dashboard)
    dashboard.sql(
        "UPDATE sync_run SET error_cause = 'timeout', started_at = started_at - interval '3 minutes'"
        " WHERE error_cause = 'reset'"
    )
    dashboard.sql("UPDATE backup_server SET last_error_cause = 'timeout' WHERE last_error_cause = 'reset'")


def test_from_the_second_interval_on_reads_of_a_healthy_server_wait_for_seconds(dashboard, simulators):
    all_fail(dashboard, simulators, BREAKS_OFF, "reset")
    have_hung_already(dashboard)
    seen = newest_read(dashboard)

    all_fail(dashboard, simulators, HANGS, "timeout")
    read_again = f"r.id > {seen} AND r.state = 'succeeded'"
    wait_for(lambda: len(reads(dashboard, WELL, read_again)) >= 2, DEADLINE_SECONDS, dashboard)

    assert max(reads(dashboard, "hung%", f"r.id > {seen} AND r.error <> ''", HOW_LONG)) < MOST_SECONDS_OF_A_KNOCK
    assert max(reads(dashboard, WELL, read_again, HOW_LATE)) < MOST_SECONDS_LATE


def test_servers_that_answer_again_are_read_at_their_next_interval(dashboard, simulators):
    seen = newest_read(dashboard)
    for name in HUNG:
        simulators[name].faults.clear()
    dashboard.sql("UPDATE backup_server SET next_sync_at = now()")

    wait_for(
        lambda: len(set(reads(dashboard, "hung%", f"r.id > {seen} AND r.state = 'succeeded'", "s.id"))) == len(HUNG),
        DEADLINE_SECONDS,
        dashboard,
    )

    assert dashboard.sql("SELECT count(*) FROM backup_server WHERE last_error <> ''") == (0,)


def test_a_rescan_of_a_healthy_server_starts_within_seconds_while_all_processes_that_read_hang(dashboard, simulators):
    for name in HUNG:
        simulators[name].faults.add(HANGS)
    dashboard.sql("UPDATE backup_server SET next_sync_at = now()")
    hang = "r.state = 'running' AND r.started_at < now() - interval '5 seconds'"
    wait_for(lambda: len(reads(dashboard, "hung%", hang)) == PROCESSES, DEADLINE_SECONDS, dashboard)

    assert manage(dashboard.data, "rescan", "--server", WELL).returncode == 0
    wait_for(lambda: dashboard.sql("SELECT session_id FROM rescan") != (None,), DEADLINE_SECONDS, dashboard)

    (seconds,) = dashboard.sql("SELECT extract(epoch FROM asked_at - created_at)::float FROM rescan")
    assert len(reads(dashboard, "hung%", hang)) == PROCESSES
    assert seconds < MOST_SECONDS_TO_ASK
