"""The whole dashboard, with Postgres, workers and schedulers dying under it: it goes on by itself, and soon."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import psycopg
import pytest

from replicas_app.simulator import Simulator
from tests.stack.running import PROJECT, Dashboard, surroundings, wait_for

NOTICED_SECONDS = 15
"""Within this a run whose process died is marked, as the docs say; what is under way in the test comes on top."""
PATIENCE_SECONDS = 60
INTERVAL_SECONDS = 5
MOST_CONNECTIONS = 19
"""Of web (two processes of four threads), workers (four processes and two, with their parents) and scheduler."""
SLOW = {"path": "^/api/v1/replicas$", "action": "delay", "seconds": 4}
SOMEBODY = {"Cookie": "sessionid=somebodys"}
"""Whose session has to be looked up, so that the page needs the database."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(replicas=4, vms=1, points=3, seed=7, still=True) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory, simulator: Simulator) -> Iterator[Dashboard]:
    """One with a server that is read every few seconds."""
    running = Dashboard(tmp_path_factory.mktemp("outages") / "data")
    try:
        running.ready()
        command = ["manage.py", "add_server", "lab", simulator.url, "--username", simulator.username, "--trust", "pin"]
        subprocess.run(
            [sys.executable, *command, "--password-env", "PW"],
            cwd=PROJECT,
            env=surroundings(running.data, PW=simulator.password),
            check=True,
            capture_output=True,
        )
        running.sql(f"UPDATE backup_server SET sync_interval_seconds = {INTERVAL_SECONDS}")
        yield running
    finally:
        running.end()


def answer_of(dashboard: Dashboard, statement: str) -> object:
    """The one value of the statement; None while the database is away."""
    try:
        return dashboard.sql(statement)[0]
    except psycopg.Error:
        return None


def count(dashboard: Dashboard, condition: str) -> int:
    return answer_of(dashboard, f"SELECT count(*) FROM sync_run WHERE {condition}") or 0


def begin_a_sync(dashboard: Dashboard, simulator: Simulator) -> int:
    """One that stands in the middle of its read; its key."""
    wait_for(
        lambda: count(dashboard, "state = 'succeeded'") and not count(dashboard, "ended_at IS NULL"), 60, dashboard
    )
    simulator.faults.add(SLOW)
    seen = len(simulator.requests)
    dashboard.sql("UPDATE backup_server SET next_sync_at = now()")
    wait_for(lambda: any(one.path == "/api/v1/replicas" for one in simulator.requests[seen:]), 60, dashboard)
    return dashboard.sql("SELECT id FROM sync_run WHERE state = 'running'")[0]


def goes_on_after(dashboard: Dashboard, run: int) -> None:
    """The run is marked as cut in time, and the next one comes through."""
    wait_for(lambda: count(dashboard, f"id = {run} AND state = 'interrupted'"), NOTICED_SECONDS * 2, dashboard)
    wait_for(lambda: count(dashboard, f"id > {run} AND state = 'succeeded'"), PATIENCE_SECONDS, dashboard)
    assert dashboard.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == (0,)


def kill_postgres(dashboard: Dashboard) -> None:
    """`pg_ctl restart -m immediate`, as far as everybody else can tell: the launcher starts it again."""
    os.kill(dashboard.pid("postgres"), signal.SIGQUIT)


def end_all_connections(dashboard: Dashboard) -> None:
    dashboard.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )


def kill_the_children_of_the_worker(dashboard: Dashboard) -> None:
    for child in dashboard.part("worker").children():
        child.kill()


def ask_the_worker_to_stop(dashboard: Dashboard) -> None:
    os.kill(dashboard.pid("worker"), signal.SIGTERM)


@pytest.mark.parametrize(
    "happen", [kill_postgres, end_all_connections, kill_the_children_of_the_worker, ask_the_worker_to_stop]
)
def test_a_sync_that_is_cut_is_marked_in_time_and_the_next_one_comes_through(dashboard, simulator, happen):
    run = begin_a_sync(dashboard, simulator)

    happen(dashboard)
    simulator.faults.clear()

    goes_on_after(dashboard, run)
    wait_for(dashboard.is_ready, PATIENCE_SECONDS, dashboard)


def test_while_postgres_is_away_pages_say_so_and_are_back_within_seconds(dashboard):
    seen = {}

    def is_back() -> bool:
        status, page = dashboard.get("/replicas/", **SOMEBODY)
        seen.setdefault(status, page)
        return 503 in seen and status == 200

    kill_postgres(dashboard)
    wait_for(is_back, PATIENCE_SECONDS, dashboard)

    assert set(seen) == {200, 503}
    assert "The database does not answer at the moment." in seen[503]


def test_connections_stay_few_and_none_keeps_a_transaction_open(dashboard):
    for _ in range(40):
        dashboard.get("/", **SOMEBODY)
    ours = "backend_type = 'client backend' AND pid <> pg_backend_pid()"

    (connections,) = dashboard.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {ours}")
    (forgotten,) = dashboard.sql(
        f"SELECT count(*) FROM pg_stat_activity WHERE {ours} AND starts_with(state, 'idle in')"
        " AND now() - state_change > interval '5 seconds'"
    )

    assert connections <= MOST_CONNECTIONS
    assert forgotten == 0


def test_a_second_scheduler_brings_no_second_run_and_a_killed_one_blocks_no_start(dashboard):
    command = [sys.executable, "-m", "celery", "-A", "dashboard", "-q", "beat"]
    options = {"cwd": PROJECT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    runs_before, began = count(dashboard, "true"), time.monotonic()
    for _ in range(2):
        second = subprocess.Popen(command, env=surroundings(dashboard.data), start_new_session=True, **options)
        try:
            pulse = f"SELECT count(*) FROM pulse WHERE at > to_timestamp({time.time()})"
            wait_for(lambda: count(dashboard, "state = 'succeeded'") and answer_of(dashboard, pulse), 60, dashboard)  # noqa: B023
            reads = count(dashboard, "state = 'succeeded'")
            wait_for(lambda: count(dashboard, "state = 'succeeded'") > reads, 60, dashboard)  # noqa: B023
        finally:
            psutil.Process(second.pid).kill()
            second.wait()

    runs = count(dashboard, "true") - runs_before
    assert runs <= (time.monotonic() - began) / INTERVAL_SECONDS + 2
    (overlaps,) = dashboard.sql(
        "SELECT count(*) FROM sync_run AS one JOIN sync_run AS other ON one.server_id = other.server_id"
        " AND one.id < other.id AND other.started_at < one.ended_at"
    )
    assert overlaps == 0
