"""Each thing that a soak must not leave behind, planted on purpose: the verdict sees it, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from dashboard.celery import app
from replicas_app.choices import EventKind, SyncState
from replicas_app.connections import connect
from replicas_app.models import BackupServer
from tests.factories import make_event, make_rescan, make_server_of, make_sync_run
from tests.queue.processes import on_this_database
from tests.simulated import Simulated
from tests.soak import verdict
from tests.soak.kills import Tally
from tests.soak.phases import PHASES
from tests.soak.verdict import MUST_BE_NONE, Verdict, judge, judge_kills
from tests.syncing import do_sync
from tests.workers import empty_queue

NAME = "lab"
WORLD = {"replicas": 3, "vms": 1, "points": 2, "still": True}


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulated]:
    with Simulated(1, WORLD) as simulated:
        yield simulated


@pytest.fixture
def server(transactional_db: None, simulated: Simulated) -> BackupServer:
    """One that was read, and of which all is well."""
    empty_queue()
    server = make_server_of(simulated.servers[0], NAME)
    do_sync(server)
    return server


@pytest.fixture
def house(server: BackupServer, simulated: Simulated, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the verdict looks at, without a launcher: this test's database and queue, and a server that stands still."""
    monkeypatch.setattr(verdict, "LASTING_SECONDS", 0.3)
    dashboard = SimpleNamespace(addresses=on_this_database(), get=lambda path: (200, "ready"))
    return SimpleNamespace(worlds={NAME: simulated}, dashboard=dashboard)


def found(house: SimpleNamespace) -> set[str]:
    figures = judge(house).figures
    return {name for name in MUST_BE_NONE if figures.get(name)}


def test_where_all_is_well_nothing_is_found(house):
    assert found(house) == set()


ONE_POINT = "id = (SELECT min(id) FROM restore_point)"
ONE_REPLICA = "id = (SELECT min(replica_id) FROM restore_point)"


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        (f"UPDATE restore_point SET removed_at = now() WHERE {ONE_POINT}", {"rows_missing", "sums_wrong"}),
        (f"UPDATE replica SET removed_at = now() WHERE {ONE_REPLICA}", {"rows_missing"}),
        (f"UPDATE restore_point SET uuid = gen_random_uuid() WHERE {ONE_POINT}", {"rows_missing", "rows_invented"}),
        (f"UPDATE replica SET uuid = gen_random_uuid() WHERE {ONE_REPLICA}",
         {"rows_missing", "rows_invented", "rows_different"}),
        (f"UPDATE restore_point SET malware = 'Infected' WHERE {ONE_POINT}", {"rows_different"}),
        (f"UPDATE restore_point SET operations = '{{}}' WHERE {ONE_POINT}", {"rows_different"}),
        (f"UPDATE replica SET state = 'Lost' WHERE {ONE_REPLICA}", {"rows_different"}),
        (f"UPDATE restore_point SET vm_id = -1 WHERE {ONE_POINT}",
         {"rows_missing", "rows_without_their_own", "sums_wrong"}),
        (f"UPDATE replica SET point_count = point_count + 1 WHERE {ONE_REPLICA}", {"sums_wrong"}),
        ("UPDATE replica_vm SET newest_point_at = now() WHERE id = (SELECT min(id) FROM replica_vm)", {"sums_wrong"}),
    ],
)  # fmt: skip
def test_a_row_that_is_not_as_the_server_has_it_is_found(house, statement, names):
    with connection.cursor() as cursor:
        cursor.execute(statement)

    assert found(house) == names


def a_removal_that_was_taken_back(server: BackupServer) -> None:
    make_event(server.replicas.first(), EventKind.REAPPEARED)


def a_read_that_did_not_bring_everything(server: BackupServer) -> None:
    make_sync_run(server, state=SyncState.PARTIAL)


def a_read_that_nobody_carries_on(server: BackupServer) -> None:
    make_sync_run(server, state=SyncState.RUNNING, ended_at=None)


def a_rescan_that_nobody_carries_on(server: BackupServer) -> None:
    make_rescan(server.replicas.first())


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        (a_removal_that_was_taken_back, "removals_taken_back"),
        (a_read_that_did_not_bring_everything, "last_reads_not_whole"),
        (a_read_that_nobody_carries_on, "syncs_unfinished"),
        (a_rescan_that_nobody_carries_on, "rescans_unfinished"),
    ],
)
def test_what_was_left_in_the_rows_is_found(house, server, plant, name):
    plant(server)

    assert found(house) == {name}


def test_a_session_on_the_server_that_is_nobodys_is_found(house):
    with Simulated(1, WORLD) as others:
        house.worlds = {"another": others}
        server = make_server_of(others.servers[0], "another")
        do_sync(server)
        replica = server.replicas.first()
        with connect(server) as client:
            session = client.rescan([str(replica.uuid)])
        assert found(house) == {"rescans_started_twice"}

        make_rescan(replica, state="succeeded", session_id=session.id, asked_at=timezone.now())

        assert found(house) == set()


@contextmanager
def a_lock() -> Iterator[None]:
    with psycopg.connect(on_this_database()["DATABASE_URL"], autocommit=True) as database:
        database.execute("SELECT pg_advisory_lock(7301, 1)")
        yield


@contextmanager
def a_transaction() -> Iterator[None]:
    with psycopg.connect(on_this_database()["DATABASE_URL"]) as database:
        database.execute("SELECT 1")
        yield


@contextmanager
def a_message(task: str = "give_sign") -> Iterator[None]:
    app.send_task(f"replicas_app.tasks.{task}")
    yield
    empty_queue()


def a_step_of_a_rescan() -> AbstractContextManager[None]:
    return a_message("give_sign_of_rescans")


@pytest.mark.parametrize(
    ("held", "name"),
    [
        (a_lock, "locks_held"),
        (a_transaction, "transactions_open"),
        (a_message, "messages_left"),
        (a_step_of_a_rescan, "messages_left"),
    ],
)
def test_what_somebody_holds_or_forgot_is_found_while_it_is_there(house, held: Callable, name):
    with held():
        assert found(house) == {name}

    assert found(house) == set()


def test_a_dashboard_that_does_not_find_itself_ready_is_not_well(house):
    house.dashboard.get = lambda path: (503, "scheduler: no sign of it for 60 s")

    assert found(house) == {"not_ready"}


def kills(number: int, *phases: str) -> Tally:
    tally = Tally()
    for _ in range(number):
        tally.count("worker", frozenset(phases))
    return tally


@pytest.mark.parametrize(
    ("tally", "figures"),
    [
        (kills(50, *PHASES), {"kills_missing": 0, "phases_missed": 0}),
        (kills(49, *PHASES), {"kills_missing": 1, "phases_missed": 0}),
        (kills(60, "reading", "writing", "rescanning", "polling"), {"kills_missing": 0, "phases_missed": 2}),
    ],
)
def test_a_long_run_that_killed_too_little_is_no_good_one(tally, figures):
    given = Verdict()

    judge_kills(given, tally)

    assert (given.figures, given.is_good) == (figures, not any(figures.values()))
