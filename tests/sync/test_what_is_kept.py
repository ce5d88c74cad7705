"""Syncs that do not get all that they ask for: what is stored all the same, and above all what is not removed."""

from replicas_app.choices import SyncState
from replicas_app.models import BackupServer, Replica, RestorePoint
from tests.sync.faulty import ids, ids_of
from tests.syncing import do_sync


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
    held = ids_of(Replica)
    simulator.faults.add({"path": "/api/v1/replicas$", "action": "status", "status": 403, "body": {
        "errorCode": "AccessDenied", "message": "no"}})  # fmt: skip

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "role")
    assert ids_of(Replica) == held


def test_a_list_of_less_than_a_tenth_is_not_believed(simulator, server):
    do_sync(server)
    held = RestorePoint.objects.present().count()
    del simulator.world.points[2:]

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.PARTIAL, "drop")
    assert run.error == f"lab answered with 2 of {held} restore points. We kept all {held}."
    assert RestorePoint.objects.present().count() == held


def test_a_server_that_is_away_fails_with_its_cause_and_keeps_everything(simulator, server):
    do_sync(server)
    held = ids_of(Replica)
    BackupServer.objects.filter(pk=server.pk).update(base_url="https://127.0.0.1:1")
    server.refresh_from_db()

    run = do_sync(server)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "refused")
    assert ids_of(Replica) == held


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


def test_a_server_without_the_list_of_all_points_is_read_replica_by_replica(simulator, server):
    simulator.faults.add({"path": "^/api/v1/replicaPoints$", "action": "status", "status": 404, "body": {
        "errorCode": "NotFound", "message": "no such resource"}})  # fmt: skip

    run = do_sync(server)

    assert run.state == SyncState.SUCCEEDED
    assert ids_of(RestorePoint) == ids(simulator.world.points)


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
    assert {doubled, missed} <= ids_of(RestorePoint)
