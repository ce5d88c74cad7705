"""What a rescan changed is counted exactly, for each replica and in sum."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import rescans
from replicas_app.choices import RescanState
from replicas_app.models import BackupServer, Replica, ReplicaVM, RestorePoint
from replicas_app.rescans import compare
from tests.factories import make_point, make_rescan, make_vm
from tests.rescans.before_and_after.changing import NOTHING, add, asked_for, of, sums, take_away, words
from tests.rescans.driving import step, until_settled
from tests.rescans.test_wishes import replicas_of
from tests.syncing import do_sync

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_before_is_noted_anew_when_the_server_was_too_busy_the_first_time(simulator, rescan, replicas):
    simulator.faults.add({"path": "/rescan$", "times": 1, "action": "status", "status": 429})
    assert step(rescan).state == RescanState.QUEUED
    take_away(simulator, of(replicas[0], simulator)[0])
    do_sync(rescan.server)

    until_settled(rescan, simulator)

    assert (rescan.state, rescan.changes) == (RescanState.SUCCEEDED, NOTHING)


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
