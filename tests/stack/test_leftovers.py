"""What is ended before a start: processes of an earlier run, and of nobody else."""

import json
import subprocess
import sys
import time

import psutil
import pytest

from dashboard.stack.leftovers import Register, end_postgres

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def register(tmp_path):
    return Register(tmp_path / "processes.json")


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_process_of_the_last_run_is_ended_with_a_word(register, sleeper):
    register.add("worker", sleeper.pid)
    words = []

    Register(register.file).end_all_of_the_last_run(words.append)

    assert not psutil.pid_exists(sleeper.pid)
    assert words == [f"Ending process {sleeper.pid}, left over by an earlier run"]
    assert not register.file.exists()


def test_one_that_does_not_listen_is_killed(register, monkeypatch):
    monkeypatch.setattr("dashboard.stack.leftovers.GIVE_WAY_SECONDS", 0.2)
    deaf = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    assert deaf.stdout.readline() == b"deaf\n"
    register.add("worker", deaf.pid)

    Register(register.file).end_all_of_the_last_run(print)

    assert not psutil.pid_exists(deaf.pid)


def test_one_that_ends_by_itself_at_that_moment_is_no_trouble(register, sleeper):
    register.add("worker", sleeper.pid)

    def end(words: str) -> None:
        sleeper.kill()
        sleeper.wait()

    Register(register.file).end_all_of_the_last_run(end)

    assert not register.file.exists()


def test_a_number_that_belongs_to_somebody_else_by_now_is_left_alone(register, sleeper):
    born = psutil.Process(sleeper.pid).create_time()
    register.file.write_text(json.dumps({"web": [sleeper.pid, born - 100]}))
    words = []

    register.end_all_of_the_last_run(words.append)

    assert sleeper.poll() is None
    assert words == []


def test_a_number_that_belongs_to_nobody_is_no_trouble(register, sleeper):
    sleeper.kill()
    sleeper.wait()
    register.file.write_text(json.dumps({"web": [sleeper.pid, time.time()]}))

    register.end_all_of_the_last_run(print)

    assert not register.file.exists()


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "postgres").mkdir()
    return tmp_path / "postgres"


@pytest.mark.parametrize("torn", ["", "\n", "not a number\n"])
def test_a_torn_pid_file_of_postgres_is_removed(cluster, torn):
    (cluster / "postmaster.pid").write_text(torn)

    end_postgres(cluster, print)

    assert not (cluster / "postmaster.pid").exists()


def test_a_pid_file_that_names_a_stranger_is_removed_and_the_stranger_lives(cluster, sleeper):
    (cluster / "postmaster.pid").write_text(f"{sleeper.pid}\n")

    end_postgres(cluster, print)

    assert not (cluster / "postmaster.pid").exists()
    assert sleeper.poll() is None


def test_a_pid_file_of_a_postgres_that_is_gone_is_left_to_the_next_one(cluster, sleeper):
    """It also tells which shared memory the processes of the dead one may still hold: Postgres has to look."""
    sleeper.kill()
    sleeper.wait()
    (cluster / "postmaster.pid").write_text(f"{sleeper.pid}\n")

    end_postgres(cluster, print)

    assert (cluster / "postmaster.pid").exists()
