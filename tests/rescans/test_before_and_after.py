"""What a rescan changed is written down with it: once a full sweep has come through, however long that takes."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from replicas_app import rescans
from replicas_app.choices import RescanState, SyncState
from replicas_app.models import BackupServer, Replica, ReplicaVM, Rescan, RestorePoint, SyncRun
from replicas_app.rescans import compare, settle
from replicas_app.simulator import Simulator
from tests.factories import make_point, make_rescan, make_server_of, make_vm
from tests.rescans.driving import read_what_is_asked_for, step, to_the_end, until_settled
from tests.rescans.test_wishes import replicas_of
from tests.syncing import do_sync

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING = {
    "replicas": 0,
    "replicas_gone": 0,
    "states": 0,
    "vms_gained": 0,
    "vms_lost": 0,
    "points_gained": 0,
    "points_made_since": 0,
    "points_lost": 0,
    "points_restated": 0,
    "points_rejudged": 0,
}
SWEEP = "^/api/v1/replicaPoints$"


@pytest.fixture
def simulator():
    """Replicas of two VMs with three points each."""
    with Simulator(replicas=4, vms=2, points=3, seed=7, still=True, tls=True, rescan_seconds=60) as simulator:
        yield simulator


@pytest.fixture
def server(transactional_db, simulator) -> BackupServer:
    """A server that was read once."""
    server = make_server_of(simulator)
    do_sync(server)
    simulator.requests.clear()
    return server


def asked_for(rescan: Rescan) -> Rescan:
    """The server has been asked, so "before" is written down; what happens from now on is a change."""
    assert step(rescan).state == RescanState.RUNNING
    return rescan


def of(replica: Replica, simulator: Simulator) -> list[dict]:
    """Its restore points on the server."""
    return [point for point in simulator.world.points if point["replicaId"] == str(replica.uuid)]


def add(simulator: Simulator, like: dict, **fields: object) -> None:
    simulator.world.points.append({**like, "id": str(uuid4()), **fields})


def take_away(simulator: Simulator, *points: dict) -> None:
    simulator.world.points[:] = [point for point in simulator.world.points if point not in points]


def sums(rescan: Rescan) -> dict[str, int]:
    """What it changed, without what it did not change."""
    assert rescan.changes.keys() == NOTHING.keys()
    return {name: count for name, count in rescan.changes.items() if count}


def words(rescan: Rescan) -> rescans.Changes:
    return rescans.Changes(Rescan.objects.select_related("server", "sync_run").get(pk=rescan.pk), timezone.now())


def test_a_rescan_after_which_everything_is_as_before_says_so(simulator, rescan):
    until_settled(rescan, simulator)

    assert rescan.changes == NOTHING
    assert words(rescan).sentence == "Nothing changed: all 2 replicas are as before."
    assert words(rescan).short == "nothing"
    assert [member.has_changed for member in rescan.members.all()] == [False, False]


def test_points_that_come_and_go_are_counted_for_each_replica_and_in_sum(simulator, rescan, replicas):
    asked_for(rescan)
    first, second = (of(replica, simulator) for replica in replicas[:2])
    take_away(simulator, first[0], first[1], second[0])
    add(simulator, second[1])
    add(simulator, of(replicas[2], simulator)[0])  # of a replica that is in no rescan

    until_settled(rescan, simulator)

    rows = rescan.members.order_by("pk")
    assert [(row.points_before, row.points_after, row.points_gained, row.points_lost) for row in rows] == [
        (6, 4, 0, 2),
        (6, 6, 1, 1),
    ]
    assert sums(rescan) == {"replicas": 2, "points_gained": 1, "points_lost": 3}
    assert words(rescan).sentence == "2 of 2 replicas changed: 1 restore point gained, 3 lost."
    assert words(rescan).short == "+1 −3 points"


def test_a_vm_that_comes_with_its_points_or_goes_with_them_is_named(simulator, rescan, replicas):
    asked_for(rescan)
    points = of(replicas[0], simulator)
    add(simulator, points[0], name="new-vm")
    take_away(simulator, *(point for point in points if point["name"] == points[0]["name"]))

    until_settled(rescan, simulator)

    assert {name: sums(rescan)[name] for name in ("vms_gained", "vms_lost")} == {"vms_gained": 1, "vms_lost": 1}
    member = next(one for one in rescans.members_of(rescan) if one.replica == replicas[0])
    named = [[vm.name for vm in moved.vms] for moved in (member.vms_gained, member.vms_lost)]
    assert (named, member.vms, member.vms_were) == ([["new-vm"], [points[0]["name"]]], 2, None)
    assert words(rescan).sentence.endswith("1 restore point gained, 3 lost; 1 VM gained, 1 lost.")


def test_states_and_malware_that_changed_are_counted_by_their_ends_and_not_by_their_steps(simulator, rescan, replicas):
    asked_for(rescan)
    points = of(replicas[0], simulator)
    server = rescan.server
    points[0]["state"], points[1]["state"], points[2]["malwareStatus"] = "Failover", "Failover", "Infected"
    do_sync(server)
    points[1]["state"] = "Ready"  # and back: no change between before and after
    next(one for one in simulator.world.replicas if one["id"] == str(replicas[0].uuid))["state"] = "Failover"

    until_settled(rescan, simulator)

    row = rescan.members.get(replica=replicas[0])
    assert (row.state_before, row.state_after) == ("Ready", "Failover")
    assert (row.malware_before, row.malware_after) == ("Clean", "Infected")
    assert (row.points_restated, row.points_rejudged, row.points_gained, row.points_lost) == (1, 1, 0, 0)
    assert sums(rescan) == {"replicas": 1, "states": 1, "points_restated": 1, "points_rejudged": 1}
    assert words(rescan).sentence == (
        "1 of 2 replicas changed: 1 replica in another state; 1 restore point in another state; "
        "1 restore point with another malware status."
    )
    assert words(rescan).short == "2 states …"


def test_a_point_that_came_and_went_in_between_or_went_and_came_back_changed_nothing(simulator, rescan, replicas):
    asked_for(rescan)
    points = of(replicas[0], simulator)
    add(simulator, points[0])
    visitor = simulator.world.points[-1]
    take_away(simulator, points[1])
    do_sync(rescan.server)
    take_away(simulator, visitor)
    simulator.world.points.append(points[1])

    until_settled(rescan, simulator)

    assert rescan.changes == NOTHING


def test_a_point_that_had_gone_before_and_is_back_is_gained(simulator, replicas):
    points = of(replicas[0], simulator)
    take_away(simulator, points[0])
    do_sync(replicas[0].server)
    rescan = asked_for(rescans.start(None, replicas[:1]).started[0])
    simulator.world.points.append(points[0])

    until_settled(rescan, simulator)

    assert sums(rescan) == {"replicas": 1, "points_gained": 1}
    assert words(rescan).sentence == "The replica changed: 1 restore point gained."


def test_a_replica_that_the_server_no_longer_lists_is_told_as_gone(simulator, rescan, replicas):
    asked_for(rescan)
    take_away(simulator, *of(replicas[1], simulator))
    simulator.world.replicas[:] = [one for one in simulator.world.replicas if one["id"] != str(replicas[1].uuid)]

    until_settled(rescan, simulator)

    assert sums(rescan) == {"replicas": 1, "replicas_gone": 1, "vms_lost": 2, "points_lost": 6}
    assert words(rescan).sentence.endswith("; 1 replica no longer listed by the server.")


def test_what_a_job_made_after_the_rescan_was_asked_for_is_told_apart(simulator, rescan, replicas):
    asked_for(rescan)
    like = of(replicas[0], simulator)[0]
    add(simulator, like)
    add(simulator, like, creationTime=(timezone.now() + timedelta(hours=1)).isoformat())

    until_settled(rescan, simulator)

    assert sums(rescan) == {"replicas": 1, "points_gained": 2, "points_made_since": 1}
    assert (
        "1 of the 2 gained points was made by a job after the rescan had been asked for; the rescan did not find it."
        in words(rescan).proof
    )


def test_what_had_changed_before_the_server_was_asked_is_no_change_of_the_rescan(simulator, rescan, replicas):
    take_away(simulator, of(replicas[0], simulator)[0])
    do_sync(rescan.server)
    asked_for(rescan)

    until_settled(rescan, simulator)

    assert rescan.changes == NOTHING


def test_what_goes_is_seen_by_a_full_sweep_alone_so_it_is_said_since_when_it_may_be_so(simulator, rescan, replicas):
    swept_at = timezone.now() - timedelta(hours=3)
    BackupServer.objects.update(last_full_at=swept_at)
    asked_for(rescan)
    take_away(simulator, of(replicas[0], simulator)[0])

    until_settled(rescan, simulator)

    assert f"the last one before was {swept_at.day} {swept_at:%b} {swept_at.year}, {swept_at:%H:%M} UTC" in " ".join(
        words(rescan).proof
    )


# --- it takes as long as it takes -------------------------------------------------------------------------------------


def test_the_read_after_a_rescan_is_a_full_sweep_and_says_after_which(simulator, rescan):
    until_settled(rescan, simulator)

    assert (rescan.sync_run.is_full, rescan.sync_run.why_full) == (True, f"after rescan {rescan.pk}")
    assert rescan.read_after_at == rescan.sync_run.started_at


def test_while_an_intervals_read_goes_on_another_one_follows_and_is_full(simulator, rescan, server):
    to_the_end_before_the_read(rescan, simulator)
    early = SyncRun.objects.create(
        server=server,
        trigger="schedule",
        state=SyncState.RUNNING,
        queued_at=timezone.now(),
        started_at=timezone.now(),
    )

    step(rescan)
    assert rescan.sync_run is None
    assert words(rescan).sentence == (
        "Not known yet: lab is about to be read in full; a read that is under way is finished first."
    )

    SyncRun.objects.filter(pk=early.pk).update(state=SyncState.SUCCEEDED, ended_at=timezone.now())
    step(rescan)
    read_what_is_asked_for()
    step(rescan)

    assert rescan.sync_run != early
    assert (rescan.sync_run.is_full, rescan.changes, rescan.next_poll_at) == (True, NOTHING, None)
    assert SyncRun.objects.filter(is_full=True, pk__gt=early.pk).count() == 1


def to_the_end_before_the_read(rescan: Rescan, simulator: Simulator) -> Rescan:
    while step(rescan).is_open:
        simulator.clock.advance(20)
    assert rescan.sync_run is None
    return rescan


def test_a_worker_that_dies_between_the_sweep_and_the_comparison_loses_nothing(simulator, rescan, replicas):
    asked_for(rescan)
    take_away(simulator, of(replicas[0], simulator)[0])
    to_the_end(rescan, simulator)
    read_what_is_asked_for()  # and nobody takes a step of the rescan
    assert (rescan.next_poll_at is not None, rescan.read_after_at) == (True, None)

    step(rescan)

    assert (sums(rescan), rescan.next_poll_at) == ({"replicas": 1, "points_lost": 1}, None)


def test_a_comparison_that_fails_is_tried_again(simulator, rescan, monkeypatch):
    to_the_end(rescan, simulator)
    read_what_is_asked_for()
    with monkeypatch.context() as broken:
        broken.setattr(compare, "NOTE_AFTER", "SELECT 1/0")
        with pytest.raises(Exception, match="division by zero"):
            step(rescan)

    rescan.refresh_from_db()
    assert (rescan.read_after_at, rescan.next_poll_at is None) == (None, False)
    assert step(rescan).changes == NOTHING


def test_a_sweep_that_fails_leaves_it_unknown_with_the_reason_until_the_next_one_comes_through(
    simulator, rescan, replicas
):
    asked_for(rescan)
    take_away(simulator, of(replicas[0], simulator)[0])
    to_the_end(rescan, simulator)
    simulator.faults.add({"path": SWEEP, "action": "status", "status": 403, "body": {"message": "Not today."}})
    read_what_is_asked_for()

    step(rescan)

    assert rescan.next_poll_at is not None
    told = words(rescan)
    assert told.sentence.startswith("Not known yet: lab could not be read in full after the rescan. ")
    assert "Not today." in told.sentence
    assert (told.short, told.is_held_up, told.proof) == ("not known yet", True, [])

    simulator.faults.clear()
    next_run = do_sync(rescan.server, full="")
    step(rescan)

    assert rescan.sync_run == next_run
    assert (sums(rescan), rescan.next_poll_at) == ({"replicas": 1, "points_lost": 1}, None)


def test_a_failing_server_is_asked_for_one_sweep_and_not_for_one_with_every_look(simulator, rescan):
    to_the_end(rescan, simulator)
    simulator.faults.add({"path": SWEEP, "action": "status", "status": 403})
    read_what_is_asked_for()
    runs = SyncRun.objects.count()

    for _ in range(5):
        step(rescan)

    assert SyncRun.objects.count() == runs


def test_a_sweep_that_was_cut_off_is_followed_by_the_next_one(simulator, rescan):
    to_the_end(rescan, simulator)
    SyncRun.objects.open().update(
        state=SyncState.INTERRUPTED, is_full=True, started_at=timezone.now(), ended_at=timezone.now()
    )
    step(rescan)
    assert words(rescan).is_held_up

    next_run = do_sync(rescan.server, full="")
    step(rescan)

    assert (next_run.is_full, rescan.sync_run, rescan.changes) == (True, next_run, NOTHING)


def test_a_sweep_that_is_not_believed_leaves_it_unknown_with_the_numbers(simulator, rescan, server):
    held = len(simulator.world.points)
    to_the_end(rescan, simulator)
    simulator.world.points[:] = simulator.world.points[:2]
    read_what_is_asked_for()

    step(rescan)

    assert words(rescan).sentence.startswith(
        f"Not known yet: lab answered with 2 of {held} restore points. We kept all {held}. "
        "Somebody has to say on the page of lab whether that is right."
    )
    assert rescan.next_poll_at is not None


def test_a_sweep_that_set_records_aside_is_compared_and_says_what_it_cannot_know(simulator, rescan):
    to_the_end(rescan, simulator)
    simulator.faults.add({"path": SWEEP, "action": "set", "key": "creationTime", "index": 0, "value": "yesterday"})
    read_what_is_asked_for()

    step(rescan)

    assert (rescan.sync_run.state, rescan.next_poll_at) == (SyncState.PARTIAL, None)
    assert "The read after it was incomplete, so what went away may not have been seen." in words(rescan).proof


def test_nobody_waits_for_ever_for_a_server_that_stays_away(simulator, rescan):
    to_the_end(rescan, simulator)
    Rescan.objects.filter(pk=rescan.pk).update(
        ended_at=timezone.now() - settle.COMPARED_WITHIN - timedelta(seconds=1), sync_run=None
    )
    BackupServer.objects.update(last_full_at=timezone.now() - timedelta(days=30))

    step(rescan)

    assert rescan.next_poll_at is None
    assert words(rescan).sentence == "Not known: lab was not read in full within 7 days after the end."
    assert words(rescan).short == "not known"


def test_a_server_that_was_disabled_after_the_rescan_is_compared_once_it_is_enabled_again(simulator, rescan, server):
    to_the_end_before_the_read(rescan, simulator)
    BackupServer.objects.update(is_enabled=False)
    step(rescan)

    assert "lab is disabled. The first full sweep after it is enabled again tells." in words(rescan).sentence
    assert (SyncRun.objects.open().count(), rescan.next_poll_at is None) == (0, False)

    BackupServer.objects.update(is_enabled=True)
    assert until_settled(rescan, simulator).changes == NOTHING


@pytest.mark.parametrize("status", [403, 400])
def test_a_rescan_that_the_server_refused_changed_nothing_and_is_not_compared(simulator, rescan, status):
    simulator.faults.add({"path": "/rescan$", "action": "status", "status": status})

    until_settled(rescan, simulator)

    assert (rescan.state, rescan.read_after_at) == (RescanState.REFUSED, None)
    assert (words(rescan).sentence, words(rescan).short) == ("", "")


def test_a_rescan_whose_end_is_not_known_is_compared_all_the_same(simulator, rescan, replicas):
    asked_for(rescan)
    add(simulator, of(replicas[0], simulator)[0])
    simulator.faults.add({"path": "^/api/v1/sessions/[^/]+$", "action": "status", "status": 404})

    until_settled(rescan, simulator)

    assert (rescan.state, sums(rescan)) == (RescanState.UNKNOWN, {"replicas": 1, "points_gained": 1})


def test_before_is_noted_anew_when_the_server_was_too_busy_the_first_time(simulator, rescan, replicas):
    simulator.faults.add({"path": "/rescan$", "times": 1, "action": "status", "status": 429})
    assert step(rescan).state == RescanState.QUEUED
    take_away(simulator, of(replicas[0], simulator)[0])
    do_sync(rescan.server)

    until_settled(rescan, simulator)

    assert (rescan.state, rescan.changes) == (RescanState.SUCCEEDED, NOTHING)


# --- 500 replicas -----------------------------------------------------------------------------------------------------


def test_five_hundred_replicas_are_compared_by_one_statement_each_time(server, django_assert_num_queries):
    members = replicas_of(server, 500)
    rescan = make_rescan(*members, state=RescanState.SUCCEEDED)
    with django_assert_num_queries(1):
        compare.note_before(rescan)
    old = timezone.now() - timedelta(days=1)
    vms = [make_vm(replica, first_seen_at=old) for replica in members[:2]]
    gained = [make_point(vm) for vm in vms]
    Replica.objects.filter(pk=members[2].pk).update(state="Failover")
    ReplicaVM.objects.filter(pk__in=[vm.pk for vm in vms]).update(point_count=1)

    began = time.monotonic()
    with django_assert_num_queries(3):  # the statement, in a transaction of its own
        compare.note_after(rescan)

    assert time.monotonic() - began < 2
    rescan.refresh_from_db()
    assert sums(rescan) == {"replicas": 3, "states": 1, "vms_gained": 2, "points_gained": len(gained)}
    assert RestorePoint.objects.filter(replica__in=members).count() == 2
