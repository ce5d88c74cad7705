"""The oldest Postgres that this system has beside the embedded one: the same code runs on it."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from dashboard.stack.command import Command
from dashboard.stack.ownership import Owner
from dashboard.stack.postgres import Postgres
from tests.parts import NOT_FOR_KEEPS, running
from tests.stack.running import wait_for
from tests.stack.test_demo import READ_SECONDS, are_read

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda found: int(found.parents[1].name))


@pytest.fixture
def database_url() -> Iterator[str]:
    if not INSTALLED:
        pytest.skip("no other Postgres here")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        owner, data = Owner.of(Path(folder, "none yet")), Path(folder, "data")
        owner.take(Path(folder))
        options = owner.options(Path(folder))
        initdb = [INSTALLED[0].with_name("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*initdb, "--locale=C.UTF-8"], check=True, capture_output=True, **options)
        settings = [word for setting in ("listen_addresses=", *NOT_FOR_KEEPS) for word in ("-c", setting)]
        server = Command((str(INSTALLED[0]), "-D", str(data), "-k", folder, *settings), options)
        with running(server, Postgres(data, Path(folder), "").is_ready):
            yield f"postgresql://postgres@/postgres?host={quote(folder, safe='')}"


def test_the_demo_servers_are_read_into_an_older_postgres(start, database_url):
    dashboard = start(DEMO="1", DATABASE_URL=database_url).ready()

    wait_for(lambda: are_read(dashboard), READ_SECONDS, dashboard)

    assert dashboard.sql("SELECT count(*) FROM replica") == (65,)
    assert not (dashboard.data / "postgres").exists()
