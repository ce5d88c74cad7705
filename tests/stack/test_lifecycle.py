"""Starts, stops and deaths: what was there is there again."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from tests.stack.running import STOP_SECONDS, Dashboard, kill, wait_for

BACK_SECONDS = 30


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Dashboard]]:
    """The dashboard of these tests, which all work on one data folder: the one that runs, or else a new start."""
    data = tmp_path_factory.mktemp("lifecycle") / "my data"
    started: list[Dashboard] = []

    def up() -> Dashboard:
        if not started or started[-1].process.poll() is not None:
            started.append(Dashboard(data))
        return started[-1].ready()

    yield up
    started[-1].end()


def keep_something(dashboard) -> None:
    """A row and a message, to look for after the next start."""
    dashboard.sql("DROP TABLE IF EXISTS kept")
    dashboard.sql("CREATE TABLE kept AS SELECT 'a row' AS what")
    with queue_of(dashboard) as queue:
        queue.set("kept", "a message")


def has_kept_it(dashboard) -> bool:
    with queue_of(dashboard) as queue:
        return dashboard.sql("SELECT what FROM kept") == ("a row",) and queue.get("kept") == b"a message"


def queue_of(dashboard) -> Redis:
    return Redis(unix_socket_path=dashboard.addresses["CELERY_BROKER_URL"].removeprefix("redis+socket://"))


def test_it_stops_in_time_by_either_signal_and_loses_nothing(up):
    dashboard = up()
    keep_something(dashboard)
    family, sockets = dashboard.family(), (dashboard.data / "socket-folder").read_text().strip()

    by_sigterm = dashboard.stop(signal.SIGTERM)
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert not Path(sockets).exists()
    assert "killing" not in dashboard.said

    again = up()
    assert has_kept_it(again)
    by_ctrl_c = again.stop(signal.SIGINT)

    assert max(by_sigterm, by_ctrl_c) < STOP_SECONDS


def test_a_stop_in_the_middle_of_a_start_leaves_nothing_running(start, tmp_path):
    dashboard = start()
    wait_for(lambda: (tmp_path / "my data" / "postgres" / "postmaster.pid").exists(), 60, dashboard)
    family = dashboard.family()

    assert dashboard.stop() < STOP_SECONDS
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert "Traceback" not in dashboard.said


def test_a_part_that_dies_is_started_again_and_a_line_says_so(up):
    dashboard = up()

    for name in ("postgres", "valkey", "worker", "rescans", "beat", "web"):
        before = dashboard.pid(name)
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: dashboard.pid(name) != before and dashboard.is_ready(), BACK_SECONDS, dashboard)  # noqa: B023

        assert f"stack     | {name} ended by SIGKILL: starting it again in 0.5 s\n" in dashboard.said


def test_after_a_kill_of_everything_the_next_start_has_all_of_it(up):
    dashboard = up()
    keep_something(dashboard)

    dashboard.kill_all()

    assert has_kept_it(up())


def test_what_a_killed_launcher_left_running_is_ended_by_the_next_start(up):
    dashboard = up()
    keep_something(dashboard)
    parts = dashboard.family()[1:]

    kill(psutil.Process(dashboard.process.pid))
    dashboard.process.wait()
    again = up()

    assert psutil.wait_procs(parts, timeout=5)[1] == []
    assert has_kept_it(again)


MOMENTS = {
    "while the cluster is laid out": lambda data: (data / "postgres.new").exists(),
    "while the migrations run": lambda data: (data / "running.json").exists(),
    "while the first login is made": lambda data: (data / "first-login.txt").exists(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_in_the_middle_of_the_first_start_the_next_one_goes_on(start, tmp_path, moment):
    data = tmp_path / "my data"
    dashboard = start(data)
    wait_for(lambda: MOMENTS[moment](data), 60, dashboard)

    dashboard.kill_all()
    again = start(data).ready()

    assert again.is_ready()
    assert again.sql("SELECT count(*) FROM person WHERE role = 'admin'") == (1,)
    assert (data / "first-login.txt").read_text().split()[-1] in again.said


def test_a_data_folder_whose_path_is_too_long_for_a_socket(start, tmp_path):
    data = tmp_path / ("long " * 15) / ("länger " * 15) / "data"

    assert len(str(data)) > 150
    assert start(data).ready().is_ready()
