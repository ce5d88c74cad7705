"""What cannot work is refused before anything is touched: one sentence that says what to do, and exit status 1."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboard.stack.postgres import Postgres
from dashboard.stack.refusal import CannotStart


def test_a_port_that_is_taken(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        sentence = start(PORT=str(port)).refused()

    assert sentence == f"Port {port} on 127.0.0.1 is taken: stop what listens there, or set PORT to another one."
    assert not (tmp_path / "my data" / "postgres").exists()


def test_a_host_that_is_not_this_machine(start):
    assert start(HOST="192.0.2.7").refused().startswith("HOST is no address of this machine: 192.0.2.7")


def test_a_data_folder_that_is_a_file(start, tmp_path):
    (tmp_path / "file").touch()

    sentence = start(tmp_path / "file").refused()

    assert sentence.startswith(f"DATA_DIR cannot be {tmp_path / 'file'}: ")


def test_data_of_another_major_version_of_postgres(start, tmp_path):
    cluster = tmp_path / "my data" / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17\n")

    sentence = start().refused()

    assert sentence.startswith(f"The data in {cluster} was written by PostgreSQL 17, and this is 18: ")
    assert "pg_dump" in sentence
    assert [file.name for file in cluster.iterdir()] == ["PG_VERSION"]


def test_a_folder_without_postgres_where_its_data_should_be(start, tmp_path):
    cluster = tmp_path / "my data" / "postgres"
    cluster.mkdir(parents=True)

    assert start().refused().startswith(f"{cluster} holds no data of Postgres: ")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"PORT": "http"}, "PORT"),
        ({"DEMO": "perhaps"}, "DEMO"),
        ({"PUBLIC_URL": "dash.example.com"}, "PUBLIC_URL"),
        ({"CREDENTIAL_KEYS": "too-short"}, "CREDENTIAL_KEYS"),
        ({"DATABASE_URL": "postgresql://dash:p@ss/w#rd%+?,ä@db.example.com/dash"}, "DATABASE_URL"),
        ({"CELERY_BROKER_URL": "redis://:p@ss/w#rd%+?,ä@broker.example.com/0"}, "CELERY_BROKER_URL"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_variable_that_cannot_be_read_is_named_and_not_repeated(start, variables, named):
    sentence = start(**variables).refused()

    assert sentence.startswith(named)
    assert "w#rd" not in sentence


@contextmanager
def mounted(disk: Path, options: str) -> Iterator[Path]:
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("such a disk can be had only where we may mount one")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk with room for 20 MB."""
    with mounted(tmp_path / "disk", "size=20m") as disk:
        yield disk


@pytest.fixture
def closed_folder(tmp_path) -> Iterator[Path]:
    """A folder in which we may not write: to root only a read-only disk is one."""
    if os.geteuid() == 0:
        with mounted(tmp_path / "closed", "ro") as disk:
            yield disk
    else:
        (tmp_path / "closed").mkdir(mode=0o500)
        yield tmp_path / "closed"


def test_a_data_folder_that_cannot_be_written(start, closed_folder):
    assert start(closed_folder / "data").refused() == (
        f"{closed_folder / 'data'} cannot be written: make it yours (it may belong to another user, or root), or set"
        " DATA_DIR to a folder of your own."
    )


def test_a_full_disk(start, small_disk):
    sentence = start(small_disk / "data").refused()

    assert re.fullmatch(
        f"The disk of {small_disk}/data is full \\(\\d+ MB are free, 250 MB are needed\\): free some space, or set"
        " DATA_DIR to a folder on another disk.",
        sentence,
    )


def test_a_disk_that_fills_up_while_the_cluster_is_laid_out(small_disk, tmp_path):
    run = tmp_path / "run"
    run.mkdir()

    with pytest.raises(CannotStart, match=f"^The disk of {small_disk} is full: "):
        Postgres(small_disk / "postgres", run, "not-a-secret").prepare()

    assert not (small_disk / "postgres").exists()
