"""What an interval's sync asks for and sees between two full sweeps, and when it becomes one."""

from datetime import timedelta
from operator import itemgetter

import pytest
from django.utils import timezone

from replicas_app import sync
from replicas_app.choices import EventKind, SyncState, SyncTrigger
from replicas_app.models import BackupServer, Event, Replica, ReplicaVM, RestorePoint, SweptPage, SyncRun
from replicas_app.sync import stage
from replicas_app.sync.packed import packed_points
from replicas_app.vbr import PointRecord
from tests.sync.small_world import POINTS, a_point, asked_for_points, interval, shown, there
from tests.syncing import do_sync


def test_a_quiet_server_is_asked_a_few_questions_and_none_about_old_points(simulator, swept):
    """A few points that are known come along: see `sync/witnesses.py`."""
    run = interval(swept)

    assert (run.state, run.is_full, run.points_added, run.points_changed) == (SyncState.SUCCEEDED, False, 0, 0)
    assert run.points_unchanged < len(simulator.world.points) // 4
    assert len(simulator.requests) <= 8
    assert all("createdAfterFilter" in one.query or one.query["limit"] == ["1"] for one in asked_for_points(simulator))


def test_a_new_point_is_there_after_an_interval(simulator, swept):
    new = a_point(simulator, malwareStatus="Clean")
    simulator.world.points.append(new)

    run = interval(swept)

    vm = ReplicaVM.objects.get(name=new["name"], replica__uuid=new["replicaId"])
    assert (run.state, run.is_full, run.points_added) == (SyncState.SUCCEEDED, False, 1)
    assert shown() == there(simulator)
    assert str(vm.points.latest("created_at").uuid) == new["id"]
    assert vm.newest_point_at == vm.points.latest("created_at").created_at


def test_the_rows_of_a_server_get_another_version_when_one_of_them_changes_and_the_data_with_every_read(
    simulator, swept
):
    def versions(full: str = "") -> tuple[int, int]:
        before = (swept.rows_version, swept.data_version)
        do_sync(swept, full=full)
        return swept.rows_version - before[0], swept.data_version - before[1]

    quiet = versions()
    quiet_sweep = versions("wanted by the test")
    simulator.world.points.append(a_point(simulator))
    new = versions()
    simulator.world.replicas[0]["name"] = "of another name"
    renamed = versions()
    simulator.world.points[0]["malwareStatus"] = "Infected"
    scanned = versions("wanted by the test")
    del simulator.world.points[0]
    gone = versions("wanted by the test")

    assert (quiet, quiet_sweep) == ((0, 2), (0, 2))
    assert [rows for rows, _ in (new, renamed, scanned, gone)] == [1, 1, 1, 1]


def test_what_comes_again_in_the_overlap_is_counted_and_not_written(simulator, swept):
    simulator.world.points.append(a_point(simulator))
    interval(swept)
    written = RestorePoint.objects.values_list("pk", "first_seen_at").latest("pk")

    again = interval(swept)

    assert (again.points_added, again.points_changed) == (0, 0)
    assert again.points_unchanged >= 1
    assert RestorePoint.objects.values_list("pk", "first_seen_at").latest("pk") == written


@pytest.mark.parametrize(
    "change",
    [{"malwareStatus": "Infected"}, {"state": "Processing"}, {"name": "another VM"}, {"allowedOperations": []}],
)
def test_what_comes_again_in_the_overlap_as_another_is_not_taken_for_the_same(simulator, swept, change):
    new = a_point(simulator, malwareStatus="Clean")
    simulator.world.points.append(new)
    interval(swept)
    new.update(change)

    run = interval(swept)

    point = RestorePoint.objects.select_related("vm").get(uuid=new["id"])
    assert (run.is_full, run.points_changed) == (False, 1)
    assert (point.malware, point.state, point.vm.name, point.operations) == (
        new["malwareStatus"], new["state"], new["name"], new["allowedOperations"],
    )  # fmt: skip


@pytest.mark.parametrize("last", ["Clean", "Infected"])
def test_of_a_point_that_comes_twice_what_came_last_counts(swept, last):
    held = RestorePoint.objects.select_related("vm", "replica").filter(malware="Clean").first()
    came = [record_of(held, malware_status=last), record_of(held, malware_status=last)]
    came[0] = came[0]._replace(malware_status="Infected" if last == "Clean" else "Clean")
    stage.create_tables()
    stage.copy_points(packed_points(came, 0))

    stage.forget_what_is_held(swept.pk)

    assert stage.has_points() is (last == "Infected")


def record_of(point: RestorePoint, **fields) -> PointRecord:
    """The point as its server lists it."""
    values = (str(point.uuid), point.vm.name, str(point.replica.uuid), point.created_at, point.platform,
              point.platform_id, point.state, point.malware, tuple(point.operations))  # fmt: skip
    return PointRecord(*values)._replace(**fields)


def test_a_point_that_went_by_itself_shows_in_the_counts_and_everything_is_read(simulator, swept):
    held = len(simulator.world.points)
    simulator.world.points.pop()

    run = interval(swept)

    assert (run.state, run.is_full, run.points_removed) == (SyncState.SUCCEEDED, True, 1)
    assert run.why_full == f"the server counts {held - 1:,} restore points, we {held:,}"
    assert shown() == there(simulator)


@pytest.mark.parametrize(("place", "takes_a_sweep"), [(0, True), (-1, False)])
def test_a_finding_in_an_old_point_does_not_wait_for_the_night(simulator, swept, place, takes_a_sweep):
    clean = [point for point in simulator.world.points if point.get("malwareStatus") == "Clean"]
    found = sorted(clean, key=itemgetter("creationTime"))[place]
    found["malwareStatus"] = "Infected"

    run = interval(swept)

    event = Event.objects.get(kind=EventKind.MALWARE)
    assert (run.is_full, "as Infected" in run.why_full) == (takes_a_sweep, takes_a_sweep)
    assert RestorePoint.objects.get(uuid=found["id"]).malware == "Infected"
    assert (str(event.point.uuid), event.old, event.new, event.run) == (found["id"], "Clean", "Infected", run)


def test_a_replica_that_fails_over_is_seen_at_the_next_interval(simulator, swept):
    replica = next(replica for replica in simulator.world.replicas if replica.get("state") == "Ready")
    replica["state"] = "Failover"

    run = interval(swept)

    assert (run.is_full, run.replicas_changed) == (False, 1)
    assert Replica.objects.get(uuid=replica["id"]).state == "Failover"


def test_what_a_sweep_could_not_store_does_not_make_every_interval_a_sweep(simulator, server):
    simulator.world.points[0]["replicaId"] = "00000000-0000-4000-8000-00000000dead"
    do_sync(server)

    assert [interval(server).is_full for _ in range(2)] == [False, False]


def test_what_a_sweep_could_not_store_is_no_disagreement_either_where_it_is_as_new_as_what_is_asked_for(
    simulator, swept
):
    """It comes with the new points, and is as little stored as before."""
    simulator.world.points.append(a_point(simulator, replicaId="00000000-0000-4000-8000-00000000dead"))

    runs = [interval(swept), interval(swept)]

    assert [(run.is_full, run.points_added) for run in runs] == [(True, 0), (False, 0)]


def test_points_that_a_sweep_could_not_store_are_stored_when_their_replica_is_listed(simulator, swept):
    """Whichever of the two a server shows first. Their times may lie long before any look of an interval."""
    replica = simulator.world.replicas[0] | {"id": "00000000-0000-4000-8000-00000000dead", "name": "listed late"}
    old = min(point["creationTime"] for point in simulator.world.points)
    simulator.world.points.append(a_point(simulator, replicaId=replica["id"], creationTime=old))
    do_sync(swept)
    before = interval(swept)
    simulator.world.replicas.append(replica)

    run, after = interval(swept), interval(swept)

    assert (before.is_full, run.is_full, after.is_full) == (False, True, False)
    assert (run.replicas_added, run.points_added) == (1, 1)
    assert shown() == there(simulator)


def test_a_server_that_cannot_count_findings_is_not_swept_for_that(simulator, server):
    simulator.faults.add({"path": POINTS, "query": "malwareStatusFilter", "action": "status", "status": 400, "body": {
        "errorCode": "UnexpectedContent", "message": "unknown filter"}})  # fmt: skip
    do_sync(server)

    assert interval(server).is_full is False


def test_a_status_that_came_and_went_between_two_sweeps_is_not_taken_for_unchanged(simulator, swept):
    """The page of the second sweep looks like that of the first, but what we hold is what stood there in between."""
    point = simulator.world.points[0]
    simulator.world.points.append(a_point(simulator))
    before, point["state"] = point["state"], "Failover"
    simulator.world.points.remove(max_of_other_vm(simulator, point))
    interval(swept)
    assert RestorePoint.objects.get(uuid=point["id"]).state == "Failover"
    point["state"] = before

    do_sync(swept)

    assert RestorePoint.objects.get(uuid=point["id"]).state == before


def max_of_other_vm(simulator, point: dict) -> dict:
    """A point of the same replica, so that its going makes an interval read that replica to its end."""
    of_replica = [other for other in simulator.world.points if other["replicaId"] == point["replicaId"]]
    return next(other for other in of_replica if other["name"] != point["name"])


def test_pages_that_come_again_unchanged_are_recognised_and_those_that_do_not_are_read(simulator, swept):
    kept = set(SweptPage.objects.values_list("listing", flat=True))
    simulator.world.points[-1]["malwareStatus"] = "Suspicious"

    run = do_sync(swept)

    assert kept == {"replicas", "points"}
    assert run.points_changed == 1
    assert shown() == there(simulator)


def test_a_vm_that_loses_its_last_point_and_has_one_again_leaves_both_in_its_history(simulator, swept):
    vm = ReplicaVM.objects.order_by("pk").first()
    points = [point for point in simulator.world.points if point["name"] == vm.name]
    simulator.world.points[:] = [point for point in simulator.world.points if point["name"] != vm.name]
    do_sync(swept)
    gone_at = RestorePoint.objects.get(uuid=points[0]["id"]).removed_at
    simulator.world.points.append(points[0])
    do_sync(swept)

    kinds = list(Event.objects.filter(vm=vm, point=None).order_by("pk").values_list("kind", flat=True))
    back = Event.objects.get(kind=EventKind.REAPPEARED, point__uuid=points[0]["id"])
    assert kinds == [EventKind.FIRST_POINT, EventKind.LAST_POINT, EventKind.FIRST_POINT]
    assert back.old == gone_at.isoformat(timespec="microseconds")


def test_a_sweep_that_is_asked_for_while_an_interval_runs_follows_at_once(swept):
    run, _ = sync.request(swept, SyncTrigger.PERSON)
    asked = []

    def ask_meanwhile() -> bool:
        if not asked:
            asked.append(sync.request(swept, SyncTrigger.RESCAN, full="after rescan 7"))
        return False

    sync.sync(run.pk, should_stop=ask_meanwhile)
    swept.refresh_from_db()
    sync.request_due(timezone.now())
    follows = SyncRun.objects.open().get()
    sync.sync(follows.pk)

    follows.refresh_from_db()
    assert asked[0][0] == run
    assert swept.next_sync_at <= timezone.now()
    assert (follows.is_full, follows.why_full) == (True, "after rescan 7")


def test_the_nightly_sweep_is_due_once(swept):
    BackupServer.objects.filter(pk=swept.pk).update(next_full_at=timezone.now() - timedelta(minutes=1))

    nightly, then = interval(swept), interval(swept)

    assert (nightly.is_full, nightly.why_full, then.is_full) == (True, "the nightly sweep", False)
    assert swept.last_full_at == nightly.started_at
    assert swept.last_success_at == then.started_at


def test_a_first_read_whose_list_moves_is_mended_like_any_other(simulator, server):
    """Its points go straight to their table, where none can stand twice: so it begins anew and compares."""
    doubled = simulator.world.points[3]["id"]
    simulator.faults.add({"path": POINTS, "when": "1", "action": "set", "at": "data.4.id", "value": doubled})

    run = do_sync(server)

    assert (run.state, run.points_added) == (SyncState.SUCCEEDED, len(simulator.world.points))
    assert shown() == there(simulator)
