"""One sync of one server: what is stored, what is said about it, and above all what is not removed."""

from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from django.db import connection

from replicas_app.choices import EventKind, SyncState
from replicas_app.models import BackupServer, Event, Replica, ReplicaVM, RestorePoint
from replicas_app.models.inventory import RECENT_DAYS
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.syncing import do_sync

COUNTS = [
    f"{what}_{change}" for what in ("replicas", "points") for change in ("added", "changed", "unchanged", "removed")
]


def counts(run) -> dict[str, int]:
    """What the run says it did, without what it did not do."""
    return {name: value for name in COUNTS if (value := getattr(run, name))}


def shown_ids(model) -> set[str]:
    return {str(uuid) for uuid in model.objects.filter(removed_at=None).values_list("uuid", flat=True)}


def ids(rows) -> set[str]:
    return {row["id"] for row in rows}


def test_a_first_sync_stores_all_that_the_server_lists(simulator, server):
    run = do_sync(server)

    assert (run.state, run.error) == (SyncState.SUCCEEDED, "")
    assert shown_ids(Replica) == ids(simulator.world.replicas)
    assert shown_ids(RestorePoint) == ids(simulator.world.points)
    assert counts(run) == {
        "replicas_added": len(simulator.world.replicas),
        "points_added": len(simulator.world.points),
    }


def test_a_replica_is_stored_as_it_came(simulator, server):
    do_sync(server)

    for came in simulator.world.replicas:
        stored = Replica.objects.get(uuid=came["id"])
        assert (stored.name, stored.type, stored.job_id, stored.platform, stored.state) == (
            came["name"], "Snapshot" if came["type"] == "Regular" else came["type"], came["jobId"],
            came["platformName"], came.get("state", ""),
        )  # fmt: skip


def test_a_restore_point_is_stored_as_it_came(simulator, server):
    do_sync(server)

    for came in simulator.world.points:
        stored = RestorePoint.objects.select_related("vm", "replica").get(uuid=came["id"])
        assert (stored.vm.name, str(stored.replica.uuid), stored.malware, stored.operations) == (
            came["name"], came["replicaId"], came.get("malwareStatus", ""), came["allowedOperations"],
        )  # fmt: skip


def test_what_is_derived_agrees_with_the_points(simulator, server):
    do_sync(server)

    points = defaultdict(list)
    for point in RestorePoint.objects.present():
        points[point.vm_id].append(point)
    for vm in ReplicaVM.objects.all():
        newest = max(points[vm.pk], key=lambda point: (point.created_at, point.pk))
        clean = [point.created_at for point in points[vm.pk] if point.malware == "Clean"]
        recent = [
            (point.created_at.replace(second=0, microsecond=0), point.malware)
            for point in sorted(points[vm.pk], key=lambda point: (point.created_at, point.pk))
            if point.created_at > newest.created_at - timedelta(days=RECENT_DAYS)
        ]
        assert (vm.point_count, vm.newest_point_at, vm.newest_state, vm.newest_malware, vm.newest_clean_at) == (
            len(points[vm.pk]), newest.created_at, newest.state, newest.malware, max(clean, default=None),
        )  # fmt: skip
        assert vm.recent_points == recent
    for replica in Replica.objects.all():
        vms = list(replica.vms.all())
        assert (replica.vm_count, replica.point_count) == (len(vms), sum(vm.point_count for vm in vms))
        assert replica.newest_point_at == max((vm.newest_point_at for vm in vms), default=None)


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


def test_a_state_in_no_document_is_stored_as_it_came(simulator, server):
    simulator.world.replicas[0] |= {"type": "Regular", "state": "Levitating"}

    do_sync(server)

    assert Replica.objects.get(uuid=simulator.world.replicas[0]["id"]).state == "Levitating"


def test_a_replica_that_the_server_no_longer_lists_is_marked_removed(simulator, server):
    do_sync(server)
    gone = simulator.world.replicas.pop()["id"]
    simulator.world.points[:] = [point for point in simulator.world.points if point["replicaId"] != gone]

    run = do_sync(server)

    assert Replica.objects.get(uuid=gone).removed_at is not None
    assert shown_ids(RestorePoint) == ids(simulator.world.points)
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


def test_a_failed_page_removes_nothing_and_keeps_what_was_seen(simulator, server):
    do_sync(server)
    seen = simulator.world.replicas[0]
    seen |= {"type": "Regular", "state": "Failback"}
    simulator.world.points.pop()
    simulator.faults.add({"path": "/api/v1/replicaPoints$", "action": "status", "status": 400, "body": {
        "errorCode": "UnknownError", "message": "no"}})  # fmt: skip
    held = RestorePoint.objects.present().count()
    last_success = server.last_success_at

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "rejected")
    assert RestorePoint.objects.present().count() == held
    assert Replica.objects.get(uuid=seen["id"]).state == "Failback"
    assert server.last_success_at == last_success
    assert server.last_error == run.error != ""


def test_a_refused_role_empties_no_list(simulator, server):
    do_sync(server)
    held = shown_ids(Replica)
    simulator.faults.add({"path": "/api/v1/replicas$", "action": "status", "status": 403, "body": {
        "errorCode": "AccessDenied", "message": "no"}})  # fmt: skip

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "role")
    assert shown_ids(Replica) == held


def test_a_list_of_less_than_a_tenth_is_not_believed(simulator, server):
    do_sync(server)
    held = RestorePoint.objects.present().count()
    del simulator.world.points[2:]

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.PARTIAL, "drop")
    assert run.error == f"lab answered with 2 of {held} restore points. We kept all {held}."
    assert RestorePoint.objects.present().count() == held


def test_a_record_that_cannot_be_understood_is_set_aside_and_counted(simulator, server):
    do_sync(server)
    held = RestorePoint.objects.present().count()
    broken = simulator.world.points[3]
    broken["creationTime"] = None
    new = simulator.world.points[4] | {"id": "00000000-0000-4000-8000-00000000beef"}
    simulator.world.points.append(new)

    run = do_sync(server)

    assert (run.state, run.set_aside_count) == (SyncState.PARTIAL, 1)
    assert run.set_aside[0]["id"] == broken["id"]
    assert RestorePoint.objects.present().count() == held + 1


def test_a_point_of_a_replica_that_is_not_listed_is_set_aside(simulator, server):
    stray = simulator.world.points[0]
    stray["replicaId"] = "00000000-0000-4000-8000-00000000dead"

    run = do_sync(server)

    assert run.set_aside_count == 1
    assert not RestorePoint.objects.filter(uuid=stray["id"]).exists()
    assert RestorePoint.objects.count() == len(simulator.world.points) - 1


def test_a_list_that_is_shorter_than_announced_is_read_twice_and_removes_nothing(simulator, server):
    do_sync(server)
    held = RestorePoint.objects.present().count()
    simulator.world.points.pop()
    simulator.faults.add({"path": "^/api/v1/replicaPoints$", "action": "set", "at": "pagination.total", "value": held})
    simulator.requests.clear()

    run = do_sync(server)

    assert (run.state, run.error_cause, run.points_removed) == (SyncState.PARTIAL, "short", 0)
    assert RestorePoint.objects.present().count() == held
    listed = [one.query for one in simulator.requests if one.path == "/api/v1/replicaPoints" and counts_more(one)]
    assert [query["skip"] for query in listed].count(["0"]) == 2


def counts_more(request) -> bool:
    """Whether it asks for rows: a single one is asked for where only the total is wanted."""
    return request.query["limit"] != ["1"]


def test_text_that_postgres_cannot_hold_costs_a_character(simulator, server):
    simulator.world.points[0]["name"] = "web\x0001"
    simulator.world.points[1]["name"] = "\\N"
    simulator.world.points[2]["name"] = "a\tb\nc\\."

    run = do_sync(server)

    assert run.state == SyncState.SUCCEEDED
    names = [RestorePoint.objects.get(uuid=point["id"]).vm.name for point in simulator.world.points[:3]]
    assert names == ["web\ufffd01", "\\N", "a\tb\nc\\."]


def test_a_server_without_the_list_of_all_points_is_read_replica_by_replica(simulator, server):
    simulator.faults.add({"path": "^/api/v1/replicaPoints$", "action": "status", "status": 404, "body": {
        "errorCode": "NotFound", "message": "no such resource"}})  # fmt: skip

    run = do_sync(server)

    assert run.state == SyncState.SUCCEEDED
    assert shown_ids(RestorePoint) == ids(simulator.world.points)


def test_rows_that_come_twice_and_rows_that_are_missed_while_pages_shift_are_mended_by_the_second_pass(
    simulator, server
):
    missed = simulator.world.points[4]["id"]
    doubled = simulator.world.points[3]["id"]
    simulator.faults.add(
        {"path": "^/api/v1/replicaPoints$", "when": "1", "action": "set", "at": "data.4.id", "value": doubled}
    )

    run = do_sync(server)

    assert (run.state, run.points_added) == (SyncState.SUCCEEDED, len(simulator.world.points))
    assert {doubled, missed} <= shown_ids(RestorePoint)


@pytest.mark.parametrize("version", ["1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2"])
def test_servers_of_every_revision_are_read(transactional_db, version):
    with Simulator(replicas=3, vms=1, points=2, seed=3, still=True, tls=True, versions=(version,)) as simulator:
        server = make_server_of(simulator)

        run = do_sync(server)

        assert (run.state, server.api_version) == (SyncState.SUCCEEDED, version)
        assert shown_ids(RestorePoint) == ids(simulator.world.points)


def test_the_run_and_the_server_say_how_old_the_data_is(simulator, server):
    run = do_sync(server)

    assert server.last_success_at == run.started_at
    assert server.last_attempt_at == run.started_at
    assert abs(server.clock_skew_seconds) < 2
    assert server.next_sync_at == run.ended_at + timedelta(seconds=server.sync_interval_seconds)
    assert (server.last_error, server.vbr_name != "", server.build_version != "") == ("", True, True)


def test_a_server_that_is_away_fails_with_its_cause_and_keeps_everything(simulator, server):
    do_sync(server)
    held = shown_ids(Replica)
    BackupServer.objects.filter(pk=server.pk).update(base_url="https://127.0.0.1:1")
    server.refresh_from_db()

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "refused")
    assert shown_ids(Replica) == held


def test_a_worker_that_has_to_stop_stops_between_pages_and_the_server_is_due_at_once(simulator, server):
    run = do_sync(server, should_stop=lambda: True)

    assert run.state == SyncState.INTERRUPTED
    assert Replica.objects.count() == 0
    assert server.next_sync_at == run.ended_at


def test_times_are_stored_as_the_server_meant_them(simulator, server):
    spellings = {
        "2026-11-20T10:00:00.1Z": "2026-11-20T10:00:00.100000+00:00",
        "2026-11-20T03:00:00.91835-07:00": "2026-11-20T10:00:00.918350+00:00",
        "2026-11-20T12:00:01+02:00": "2026-11-20T10:00:01+00:00",
        "2026-11-20T10:00:02.1234567": "2026-11-20T10:00:02.123456+00:00",
    }
    for point, spelling in zip(simulator.world.points, spellings, strict=False):
        point["creationTime"] = spelling

    run = do_sync(server)

    stored = [RestorePoint.objects.get(uuid=point["id"]).created_at for point in simulator.world.points[:4]]
    assert [moment.isoformat() for moment in stored] == list(spellings.values())
    assert run.naive_times == 1
