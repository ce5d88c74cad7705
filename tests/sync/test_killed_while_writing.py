"""Real workers that are killed while they write, or while they ask once more for what a list left out: nothing is half
written, nothing is held, and the next one brings all.

A test holds a row that the worker is about to write. So the worker stands in the middle of its transaction, with all
that it has written before and with nothing committed, until it is killed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from replicas_app import locks, rescans, tasks
from replicas_app.choices import RescanState, SyncState
from replicas_app.models import BackupServer, Event, Replica, ReplicaVM, Rescan, RestorePoint, SyncRun
from replicas_app.rescans import rows
from tests.queue.processes import on_this_database
from tests.sync.faulty import oldest
from tests.syncing import do_sync
from tests.waiting import wait_until
from tests.workers import empty_queue, kill, worker

DEADLINE_SECONDS = 60
WHILE_READING = {"path": "^/api/v1/replicas$", "action": "delay", "seconds": 2, "times": 1}


@pytest.fixture(autouse=True)
def _quick_and_quiet(monkeypatch):
    """A lost message is sent again after a second, and no message of another test is in the queue."""
    monkeypatch.setattr(rows, "MESSAGE_LEASE", timedelta(seconds=1))
    empty_queue()


def beat_until(is_so: Callable[[], bool]) -> None:
    """Tick as beat does until it is so."""

    def tick() -> bool:
        tasks.enqueue_due_syncs()
        tasks.enqueue_due_rescans()
        return is_so()

    wait_until(tick, DEADLINE_SECONDS)


@contextmanager
def held(statement: str) -> Iterator[Callable[[], list[bool]]]:
    """Hold the rows that the statement locks. What is given tells who waits for them: whether it has written before."""
    with psycopg.connect(on_this_database()["DATABASE_URL"]) as holder:
        holder.execute(statement)

        def who_waits() -> list[bool]:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT backend_xid IS NOT NULL FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND %s = ANY(pg_blocking_pids(pid))",
                    [holder.info.backend_pid],
                )
                return [has_written for (has_written,) in cursor.fetchall()]

        yield who_waits
        holder.rollback()


def inventory() -> dict[str, list]:
    """Everything that a merge writes."""
    tables = (Replica, ReplicaVM, RestorePoint, Event)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def is_as_the_world(simulator) -> bool:
    replicas = dict(Replica.objects.present().values_list("uuid", "state"))
    points = dict(RestorePoint.objects.present().values_list("uuid", "malware"))
    return (
        {str(id): state for id, state in replicas.items()}
        == {one["id"]: one.get("state", "") for one in simulator.world.replicas}
    ) and (
        {str(id): malware for id, malware in points.items()}
        == {one["id"]: one.get("malwareStatus", "") for one in simulator.world.points}
    )


def goes_on_by_itself(simulator, server: BackupServer) -> None:
    """The killed run is closed, its lock is free, and the next run brings all."""
    beat_until(lambda: SyncRun.objects.filter(state=SyncState.INTERRUPTED).exists())
    assert locks.held(locks.Space.SYNC) == set()
    with worker():
        beat_until(lambda: not SyncRun.objects.open().exists() and is_as_the_world(simulator))

    killed, following = SyncRun.objects.order_by("pk").reverse()[:2][::-1]
    assert (killed.state, following.state) == (SyncState.INTERRUPTED, SyncState.SUCCEEDED)
    assert killed.error.startswith("The process that read this server ended before it was done")
    assert (killed.replicas_added, killed.points_added, killed.points_changed) == (0, 0, 0)
    assert locks.held(locks.Space.SYNC) == set()
    assert do_sync(server).state == SyncState.SUCCEEDED  # and the one after it finds nothing to mend
    assert Event.objects.filter(run=killed).count() == 0


def test_a_first_read_killed_between_its_rows_and_the_commit_leaves_none_of_them(simulator, server):
    simulator.faults.add(WHILE_READING)
    with worker() as first:
        beat_until(lambda: any(one.path == "/api/v1/replicas" for one in simulator.requests))
        with held("SELECT FROM backup_server FOR NO KEY UPDATE") as who_waits:
            assert wait_until(who_waits, DEADLINE_SECONDS) == [True]
            kill(first)

    assert inventory() == {"Replica": [], "ReplicaVM": [], "RestorePoint": [], "Event": []}
    goes_on_by_itself(simulator, server)


def change_the_world(simulator) -> None:
    """A replica gone, one in another state, a point gone, one judged anew, one new."""
    world = simulator.world
    gone = world.replicas.pop()
    world.points[:] = [one for one in world.points if one["replicaId"] != gone["id"]]
    first = next(one for one in world.replicas if one["type"] != "CDP" and one["state"] == "Ready")
    first["state"] = "Failover"
    of_another = [one for one in world.points if one["replicaId"] != first["id"]]
    of_another[0]["malwareStatus"] = "Infected"
    world.points.remove(of_another[1])
    world.points.append(of_another[2] | {"id": "00000000-0000-4000-8000-0000000000aa"})


@pytest.mark.parametrize("table", ["replica", "replica_vm", "restore_point", "backup_server"])
def test_a_merge_killed_in_any_of_its_tables_changes_nothing_in_any(simulator, server, table):
    do_sync(server)
    change_the_world(simulator)
    before = inventory()
    simulator.faults.add(WHILE_READING)
    asked = len(simulator.requests)
    BackupServer.objects.update(next_sync_at=timezone.now(), next_full_at=timezone.now())
    with worker() as first:
        beat_until(lambda: any(one.path == "/api/v1/replicas" for one in simulator.requests[asked:]))
        with held(f"SELECT FROM {table} FOR NO KEY UPDATE") as who_waits:
            wait_until(who_waits, DEADLINE_SECONDS)
            kill(first)

    assert inventory() == before
    goes_on_by_itself(simulator, server)


A_LOOK_AT = {"replicas": ("^/api/v1/replicas/[^/]+$", ""), "points": ("^/api/v1/replicaPoints$", "createdBeforeFilter")}
"""Path and query of the requests for what a list left out."""


@pytest.mark.parametrize("what", A_LOOK_AT)
def test_a_sweep_killed_while_it_asks_once_more_for_what_a_list_left_out_takes_nothing_for_gone(
    simulator, server, what
):
    do_sync(server)
    simulator.world.replicas.pop()
    simulator.world.points.remove(oldest(simulator))
    before = inventory()
    path, query = A_LOOK_AT[what]
    is_asked = simulator.faults.add({"path": path, "query": query, "action": "delay", "seconds": 10, "times": 1})
    BackupServer.objects.update(next_sync_at=timezone.now(), next_full_at=timezone.now())
    with worker() as first:
        beat_until(lambda: is_asked.fired == 1)
        kill(first)

    assert inventory() == before
    assert SyncRun.objects.open().get().started_at is not None
    goes_on_by_itself(simulator, server)


# --- a rescan ---------------------------------------------------------------------------------------------------------


def posts(simulator) -> int:
    return sum(one.method == "POST" and one.path == "/api/v1/replicas/rescan" for one in simulator.requests)


@pytest.fixture
def rescan(simulator, server) -> Rescan:
    """A wish for two replicas of a server that was read; no step of it was taken yet."""
    do_sync(server)
    simulator.rescans.seconds = 5
    return rescans.start(None, server.replicas.select_related("server").order_by("pk")[:2]).started[0]


def as_stored(rescan: Rescan) -> Rescan:
    rescan.refresh_from_db()
    return rescan


def members_of(rescan: Rescan) -> list[dict]:
    return list(rescan.members.order_by("pk").values())


def settle(rescan: Rescan) -> None:
    with worker():
        beat_until(lambda: as_stored(rescan).next_poll_at is None and not SyncRun.objects.open().exists())


def test_a_rescan_killed_while_it_writes_how_its_replicas_are_was_not_asked_for_and_is_asked_for_once(
    simulator, rescan
):
    before = members_of(rescan)
    with (
        held("SELECT FROM rescan_replica FOR NO KEY UPDATE") as who_waits,
        worker() as first,
    ):
        beat_until(lambda: bool(who_waits()))
        kill(first)

    wait_until(lambda: locks.held(locks.Space.RESCAN) == set())
    assert (as_stored(rescan).state, rescan.asked_at, rescan.changes_since) == (RescanState.QUEUED, None, None)
    assert (members_of(rescan), posts(simulator)) == (before, 0)

    simulator.rescans.seconds = 0.1
    settle(rescan)
    assert (rescan.state, posts(simulator), rescan.read_after_at is not None) == (RescanState.SUCCEEDED, 1, True)


def test_a_rescan_killed_while_it_writes_what_changed_writes_it_with_the_next_step(simulator, rescan):
    lost = next(one for one in simulator.world.points if one["replicaId"] == str(rescan.replicas.first().uuid))
    simulator.world.points.remove(lost)
    simulator.rescans.seconds = 0.1
    with worker() as first:
        beat_until(lambda: as_stored(rescan).state == RescanState.SUCCEEDED)
        before = members_of(rescan)
        with held("SELECT FROM rescan_replica FOR NO KEY UPDATE") as who_waits:
            beat_until(lambda: bool(who_waits()))
            kill(first)

    wait_until(lambda: locks.held(locks.Space.RESCAN) == set())
    assert (as_stored(rescan).read_after_at, rescan.changes) == (None, {})
    assert (members_of(rescan), rescan.next_poll_at is not None) == (before, True)

    settle(rescan)
    assert (rescan.changes["points_lost"], rescan.changes["replicas"], posts(simulator)) == (1, 1, 1)
    assert SyncRun.objects.exclude(state=SyncState.SUCCEEDED).count() == 0
