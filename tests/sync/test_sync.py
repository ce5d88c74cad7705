"""One sync of one server: what it stores, changes and marks as gone, and what the run says about it."""

from collections import Counter
from datetime import timedelta

from django.db import connection

from replicas_app.choices import EventKind, SyncState
from replicas_app.models import Event, Replica, RestorePoint
from tests.sync.faulty import ids, ids_of
from tests.syncing import do_sync

COUNTS = [
    f"{what}_{change}" for what in ("replicas", "points") for change in ("added", "changed", "unchanged", "removed")
]


def counts(run) -> dict[str, int]:
    """What the run says it did, without what it did not do."""
    return {name: value for name in COUNTS if (value := getattr(run, name))}


def test_a_first_sync_stores_all_that_the_server_lists(simulator, server):
    run = do_sync(server)

    assert (run.state, run.error) == (SyncState.SUCCEEDED, "")
    assert ids_of(Replica) == ids(simulator.world.replicas)
    assert ids_of(RestorePoint) == ids(simulator.world.points)
    assert counts(run) == {
        "replicas_added": len(simulator.world.replicas),
        "points_added": len(simulator.world.points),
    }


def test_a_second_sync_of_a_still_server_rewrites_no_row(simulator, server):
    do_sync(server)
    before = row_versions()

    run = do_sync(server)

    assert counts(run) == {
        "replicas_unchanged": len(simulator.world.replicas),
        "points_unchanged": len(simulator.world.points),
    }
    assert row_versions() == before
    assert Event.objects.exclude(kind__in=[EventKind.APPEARED, EventKind.FIRST_POINT]).count() == 0


def row_versions() -> dict[str, Counter]:
    """The transaction that wrote each row of the inventory last."""
    versions = {}
    with connection.cursor() as cursor:
        for table in ("replica", "replica_vm", "restore_point"):
            cursor.execute(f"SELECT xmin::text FROM {table}")
            versions[table] = Counter(xmin for (xmin,) in cursor.fetchall())
    return versions


def test_a_changed_state_is_stored_and_remembered(simulator, server):
    do_sync(server)
    replica = next(replica for replica in simulator.world.replicas if replica.get("state") == "Ready")
    replica["state"] = "Failover"

    run = do_sync(server)

    stored = Replica.objects.get(uuid=replica["id"])
    event = Event.objects.newest_first().first()
    assert stored.state == "Failover"
    assert (event.replica, event.kind, event.old, event.new, event.run) == (
        stored, EventKind.STATE, "Ready", "Failover", run,
    )  # fmt: skip


def test_a_replica_that_the_server_no_longer_lists_is_marked_removed(simulator, server):
    do_sync(server)
    gone = simulator.world.replicas.pop()["id"]
    simulator.world.points[:] = [point for point in simulator.world.points if point["replicaId"] != gone]

    run = do_sync(server)

    assert Replica.objects.get(uuid=gone).removed_at is not None
    assert ids_of(RestorePoint) == ids(simulator.world.points)
    assert run.replicas_removed == 1
    assert Event.objects.newest_first().first().kind == EventKind.REMOVED


def test_a_replica_that_is_back_keeps_its_row(simulator, server):
    do_sync(server)
    gone = simulator.world.replicas.pop()
    row = Replica.objects.get(uuid=gone["id"])
    do_sync(server)
    simulator.world.replicas.append(gone)

    do_sync(server)

    back = Replica.objects.get(uuid=gone["id"])
    assert (back.pk, back.removed_at, back.first_seen_at) == (row.pk, None, row.first_seen_at)
    assert Event.objects.newest_first().first().kind == EventKind.REAPPEARED


def test_the_run_and_the_server_say_how_old_the_data_is(simulator, server):
    run = do_sync(server)

    assert server.last_success_at == run.started_at
    assert server.last_attempt_at == run.started_at
    assert abs(server.clock_skew_seconds) < 2
    assert server.next_sync_at == run.ended_at + timedelta(seconds=server.sync_interval_seconds)
    assert (server.last_error, server.vbr_name != "", server.build_version != "") == ("", True, True)


def test_a_worker_that_has_to_stop_stops_between_pages_and_the_server_is_due_at_once(simulator, server):
    run = do_sync(server, should_stop=lambda: True)

    assert run.state == SyncState.INTERRUPTED
    assert Replica.objects.count() == 0
    assert server.next_sync_at == run.ended_at
