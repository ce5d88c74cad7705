"""A Postgres and a broker elsewhere, with passwords full of signs, and two dashboards that start on them at once."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from redis import Redis

from dashboard.stack import programs
from dashboard.stack.demo import free_port
from tests.stack.running import PROJECT, Dashboard, surroundings, wait_for

PASSWORD = "p@ss/w#rd%+?,ä"
ENCODED = quote(PASSWORD, safe="")


@dataclass(frozen=True)
class Elsewhere:
    DATABASE_URL: str
    CELERY_BROKER_URL: str

    @property
    def variables(self) -> dict[str, str]:
        return {"DATABASE_URL": self.DATABASE_URL, "CELERY_BROKER_URL": self.CELERY_BROKER_URL}


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A Valkey on the loopback that wants the password."""
    port = free_port()
    command = [programs.valkey_server(), "--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD]
    server = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL, cwd="/tmp")
    with Redis(port=port, password=PASSWORD) as client:
        wait_for(lambda: answers(client), 10)
    yield f"redis://:{ENCODED}@127.0.0.1:{port}"
    server.terminate()
    server.wait()


def answers(client: Redis) -> bool:
    try:
        return client.ping()
    except OSError:
        return False


@pytest.fixture
def elsewhere(broker: str) -> Iterator[Elsewhere]:
    """An empty database of a role of its own, in the test session's Postgres."""
    name = f"dash_{uuid.uuid4().hex[:12]}"
    session = os.environ["DATABASE_URL"]
    with psycopg.connect(session, autocommit=True) as postgres:
        postgres.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), PASSWORD))
        postgres.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)))
    host = quote(conninfo_to_dict(session)["host"], safe="")
    yield Elsewhere(f"postgresql://{name}:{ENCODED}@/{name}?host={host}\n", f"{broker}/{hash(name) % 15 + 1}\n")
    with psycopg.connect(session, autocommit=True) as postgres:
        postgres.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        postgres.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def parts_of(dashboard: Dashboard) -> int:
    return len(list(dashboard.family()[0].children()))


def test_two_starts_at_once_on_an_empty_database_both_come_up(start, tmp_path, elsewhere):
    both = [start(tmp_path / name, **elsewhere.variables) for name in ("one", "two")]

    for dashboard in both:
        dashboard.ready()

    assert [dashboard.is_ready() for dashboard in both] == [True, True]
    assert [parts_of(dashboard) for dashboard in both] == [4, 4], "two workers, beat and web: nothing is embedded"
    assert not any(secret in dashboard.said for dashboard in both for secret in (PASSWORD, ENCODED, "Traceback"))
    assert sum("first-login.txt" in dashboard.said for dashboard in both) == 1


def test_a_role_that_may_not_make_tables_is_refused_in_the_words_of_the_database(start, elsewhere):
    role = conninfo_to_dict(elsewhere.DATABASE_URL.strip())["user"]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as postgres:
        postgres.execute(sql.SQL("ALTER DATABASE {} OWNER TO postgres").format(sql.Identifier(role)))

    sentence = start(**elsewhere.variables).refused()

    assert sentence == "The database could not be brought up to date: permission denied for schema public"


def python(elsewhere: Elsewhere, data: Path, *arguments: str) -> list:
    """Arguments and environment of a Python command on this code."""
    return [[sys.executable, *arguments], {"cwd": PROJECT, "env": surroundings(data, **elsewhere.variables)}]


def test_before_the_migrations_nothing_works_and_readyz_says_so(tmp_path, elsewhere):
    code = "import django; django.setup(); from django.test import Client; print(Client().get('/readyz').content)"
    arguments, options = python(elsewhere, tmp_path / "data", "-c", code)
    options["env"]["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"

    said = subprocess.run(arguments, capture_output=True, text=True, **options).stdout

    assert '"ready": false' in said
    assert "migrations: " in said
    assert "broker" not in said


def test_a_worker_that_starts_before_the_migrations_waits_for_them(tmp_path, elsewhere):
    enqueue = "from dashboard.celery import app; app.send_task('replicas_app.tasks.sync_server', [0])"
    arguments, options = python(elsewhere, tmp_path / "data", "-c", enqueue)
    subprocess.run(arguments, check=True, **options)
    queue = Redis.from_url(elsewhere.CELERY_BROKER_URL.strip())
    arguments, options = python(elsewhere, tmp_path / "data", "-m", "celery", "-A", "dashboard", "-q", "worker")
    with (tmp_path / "worker.log").open("w") as log:
        worker = subprocess.Popen(arguments, stderr=log, stdout=log, **options)
    try:
        wait_for(lambda: "Waiting for migrations" in (tmp_path / "worker.log").read_text(), 30)
        before = queue.llen("celery")

        arguments, options = python(elsewhere, tmp_path / "data", "manage.py", "prepare")
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, **options)

        assert before == 1
        wait_for(lambda: queue.llen("celery") == 0, 30)
    finally:
        queue.close()
        worker.terminate()
        worker.wait()


def test_a_database_that_does_not_answer_is_a_sentence_in_the_shell(tmp_path):
    nowhere = Elsewhere(f"postgresql://dash:{ENCODED}@127.0.0.1:{free_port()}/dash", "redis://127.0.0.1/0")
    arguments, options = python(nowhere, tmp_path / "data", "manage.py", "showmigrations")

    done = subprocess.run(arguments, capture_output=True, text=True, **options)

    assert done.returncode == 1
    assert done.stderr.startswith("The database in DATABASE_URL does not answer: ")
    assert PASSWORD not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_running_stack_the_shell_says_so_and_checks_anyway(tmp_path):
    nothing = Elsewhere("", "")
    asked, options = python(nothing, tmp_path / "data", "manage.py", "showmigrations")
    checked, _ = python(nothing, tmp_path / "data", "manage.py", "check")

    done = subprocess.run(asked, capture_output=True, text=True, **options)

    assert done.returncode == 1
    assert done.stderr == f"Nothing runs on {tmp_path / 'data'}: start it with `make run`, or set DATABASE_URL.\n"
    assert subprocess.run(checked, capture_output=True, **options).returncode == 0
