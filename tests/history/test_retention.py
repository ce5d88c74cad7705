"""What is older than it is kept goes, in small steps, and never silently."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import transaction

from replicas_app import history, locks, retention, servers, tasks
from replicas_app.choices import EventKind, RescanState
from replicas_app.models import BackupServer, Drop, Event, Replica, ReplicaVM, RestorePoint
from tests.factories import make_event, make_person, make_point, make_replica, make_rescan, make_server, make_vm
from tests.pages.reading import read
from tests.threads import at_once
from tests.waiting import wait_until
from tests.workers import empty_queue, worker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
DAY = timedelta(days=1)
LONG_AGO, LATELY = NOW - 500 * DAY, NOW - 50 * DAY


@pytest.fixture(autouse=True)
def kept(settings):
    settings.EVENTS_KEPT_DAYS, settings.VANISHED_KEPT_DAYS = 400, 100


@pytest.fixture
def server() -> BackupServer:
    return make_server("vbr-oslo")


def carry_out(server: BackupServer, now: datetime = NOW) -> None:
    for _ in range(20):
        retention.drop(server.pk, now)
    server.refresh_from_db()


def dropped(server: BackupServer) -> tuple[int, int, int, int]:
    """Events, points, VMs and replicas, of the newest pass."""
    newest = server.drops.order_by("-pk").first()
    return newest.events, newest.points, newest.vms, newest.replicas


def vanished_point(server: BackupServer, *, removed_at: datetime) -> RestorePoint:
    """Of a VM that has another one still."""
    vm = make_vm(make_replica(server), point_count=1, first_seen_at=LONG_AGO)
    make_point(vm)
    return make_point(vm, first_seen_at=LONG_AGO, removed_at=removed_at)


def test_old_events_go_and_younger_ones_stay(server):
    replica = make_replica(server)
    make_event(replica, EventKind.APPEARED, at=NOW - 401 * DAY)
    young = make_event(replica, EventKind.STATE, at=NOW - 399 * DAY)

    carry_out(server)

    assert list(Event.objects.all()) == [young]
    assert dropped(server) == (1, 0, 0, 0)
    assert server.history_from == NOW - 400 * DAY


def test_points_that_vanished_long_ago_go_and_what_is_there_stays(server):
    vanished_point(server, removed_at=NOW - 101 * DAY)
    younger = vanished_point(server, removed_at=NOW - 99 * DAY)

    carry_out(server)

    assert list(RestorePoint.objects.exclude(removed_at=None)) == [younger]
    assert (RestorePoint.objects.present().count(), ReplicaVM.objects.count(), Replica.objects.count()) == (2, 2, 2)
    assert dropped(server) == (0, 1, 0, 0)
    assert server.history_from == NOW - 100 * DAY


def test_what_an_event_tells_of_stays_as_long_as_the_event(server):
    point = vanished_point(server, removed_at=LONG_AGO)
    event = make_event(point, EventKind.MALWARE, "Clean", "Infected", at=NOW - 399 * DAY)

    carry_out(server)
    kept_with_its_event = RestorePoint.objects.filter(pk=point.pk).exists()
    carry_out(server, NOW + 2 * DAY)

    assert kept_with_its_event
    assert not Event.objects.filter(pk=event.pk).exists()
    assert not RestorePoint.objects.filter(pk=point.pk).exists()


def test_a_replica_that_is_gone_goes_with_its_vms_and_points_and_not_before_its_last_event(server):
    replica = make_replica(server, removed_at=LONG_AGO)
    vm = make_vm(replica, first_seen_at=LONG_AGO)
    make_point(vm, first_seen_at=LONG_AGO, removed_at=LONG_AGO)
    make_event(replica, EventKind.REMOVED, at=LONG_AGO)
    remembered = make_replica(server, removed_at=NOW - 200 * DAY)
    make_event(remembered, EventKind.REMOVED, at=NOW - 200 * DAY)

    carry_out(server)

    assert list(Replica.objects.all()) == [remembered]
    assert dropped(server) == (1, 1, 1, 1)


def test_a_replica_that_is_gone_but_stands_in_a_rescan_is_kept_with_its_vms_and_the_rescan_with_it(server):
    replica = make_replica(server, removed_at=LONG_AGO)
    vm = make_vm(replica, first_seen_at=LONG_AGO)
    make_point(vm, first_seen_at=LONG_AGO, removed_at=LONG_AGO)
    rescan = make_rescan(replica, state=RescanState.SUCCEEDED)

    carry_out(server)

    assert list(rescan.replicas.all()) == [replica]
    assert list(replica.vms.all()) == [vm]
    assert dropped(server) == (0, 1, 0, 0)


def test_a_vm_that_is_there_is_kept_however_old(server):
    vm = make_vm(make_replica(server), point_count=1, first_seen_at=LONG_AGO)
    make_point(vm, first_seen_at=LONG_AGO)

    carry_out(server)

    assert ReplicaVM.objects.filter(pk=vm.pk).exists()
    assert not server.drops.exists()
    assert server.history_from is None


def test_zero_days_are_for_ever(server, settings):
    settings.EVENTS_KEPT_DAYS = settings.VANISHED_KEPT_DAYS = 0
    make_event(vanished_point(server, removed_at=LONG_AGO), EventKind.MALWARE, at=LONG_AGO)

    carry_out(server)

    assert (Event.objects.count(), RestorePoint.objects.count()) == (1, 2)
    assert retention.due(NOW) == []


def test_a_server_is_due_once_a_day_and_only_while_there_is_something_to_drop(server):
    quiet = make_server()
    make_event(make_replica(server), EventKind.STATE, at=LONG_AGO)
    before = retention.due(NOW)

    carry_out(server)
    make_event(Replica.objects.get(server=server), EventKind.STATE, at=LONG_AGO)

    assert before == [server.pk]
    assert quiet.pk not in before
    assert retention.due(NOW + timedelta(hours=1)) == []
    assert retention.due(NOW + timedelta(hours=23)) == [server.pk]


def test_a_clock_that_was_set_back_holds_no_pass_up(server):
    make_event(make_replica(server), EventKind.STATE, at=LONG_AGO)
    carry_out(server)
    make_event(Replica.objects.get(server=server), EventKind.STATE, at=LONG_AGO - 30 * DAY)

    assert retention.due(NOW - 30 * DAY) == [server.pk]


def test_a_pass_goes_in_steps_and_one_that_was_broken_off_is_taken_up_again(server, monkeypatch):
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(retention, "STEPS_AT_ONCE", 2)
    replica = make_replica(server)
    for _ in range(5):
        make_event(replica, EventKind.STATE, at=LONG_AGO)

    retention.drop(server.pk, NOW)
    left, open_pass = Event.objects.count(), Drop.objects.get()
    is_due = retention.due(NOW) == [server.pk]
    carry_out(server)

    assert (left, open_pass.events, open_pass.ended_at, is_due) == (1, 4, None, True)
    assert [(one.events, one.ended_at) for one in Drop.objects.all()] == [(5, NOW)]


def test_a_worker_that_has_to_stop_stops_between_two_steps(server):
    make_event(make_replica(server), EventKind.STATE, at=LONG_AGO)

    retention.drop(server.pk, NOW, should_stop=lambda: True)

    assert Event.objects.count() == 1


def test_a_task_that_comes_twice_or_for_a_server_that_is_gone_does_no_harm(server):
    make_event(make_replica(server), EventKind.STATE, at=LONG_AGO)

    for server_id in (server.pk, server.pk, 987654):
        tasks.drop_history(server_id)

    assert (Event.objects.count(), Drop.objects.count()) == (0, 1)


@contextmanager
def a_read_under_way(server: BackupServer) -> Iterator[None]:
    with locks.try_lock(locks.Space.SYNC, server.pk):
        yield


@contextmanager
def a_read_that_ends(server: BackupServer) -> Iterator[None]:
    with transaction.atomic():
        BackupServer.objects.select_for_update(no_key=True).get(pk=server.pk)
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what_goes_on", [a_read_under_way, a_read_that_ends])
def test_while_a_server_is_read_nothing_of_it_is_dropped_and_nobody_waits(what_goes_on):
    server = make_server()
    make_event(make_replica(server), EventKind.STATE, at=LONG_AGO)

    with what_goes_on(server):
        at_once(1, lambda _: retention.drop(server.pk, NOW))
        left = Event.objects.count()
    carry_out(server)

    assert (left, Event.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_tick_of_the_scheduler_has_a_worker_drop_what_is_old():
    empty_queue()
    server = make_server()
    make_event(make_replica(server), EventKind.STATE, at=LONG_AGO)

    with worker():
        wait_until(lambda: server.drops.exclude(ended_at=None).exists() or tasks.enqueue_due_drops(), 60)

    assert (Event.objects.count(), dropped(server)) == (0, (1, 0, 0, 0))


def test_a_server_of_which_something_was_dropped_can_be_removed(server):
    make_event(make_replica(server), EventKind.STATE, at=LONG_AGO)
    carry_out(server)

    servers.remove(server)

    assert (BackupServer.objects.count(), Drop.objects.count()) == (0, 0)


def test_every_table_that_refers_to_what_goes_is_known_here():
    """A new one needs a look at `retention`: what goes must not be what it refers to."""
    gone = {Event, RestorePoint, ReplicaVM, Replica}

    refers = {
        (model.__name__, field.name)
        for model in apps.get_app_config("replicas_app").get_models()
        for field in model._meta.fields
        if field.remote_field and field.remote_field.model in gone
    }

    assert refers == {
        ("Event", "replica"),
        ("Event", "vm"),
        ("Event", "point"),
        ("ReplicaVM", "replica"),
        ("RestorePoint", "replica"),
        ("RestorePoint", "vm"),
        ("RescanReplica", "replica"),
    }


def test_what_was_dropped_is_told_by_its_numbers_and_its_day(server, client):
    for number in range(3):
        make_event(make_replica(server), EventKind.STATE, at=LONG_AGO - number * DAY)
    vanished_point(server, removed_at=NOW - 101 * DAY)
    carry_out(server)

    client.force_login(make_person())
    words = read(client, "/activity/").text("#kept")

    assert words == (
        "History is kept from 17 Aug 2026, 03:00 UTC on; 3 changes and 1 vanished restore point were dropped on "
        "25 Nov 2026. Changes are kept for 400 days, and what the servers no longer list for 100 days."
    )


def test_of_several_servers_the_newest_day_is_told_and_the_instant_from_which_all_is_there(server):
    other = make_server()
    for one, now in ((server, NOW), (other, NOW), (make_server(), NOW - 9 * DAY)):
        make_event(make_replica(one), EventKind.STATE, at=LONG_AGO)
        carry_out(one, now)

    kept = history.Kept(BackupServer.objects.all())

    assert kept.words == "History is kept from 21 Oct 2025, 03:00 UTC on; 2 changes were dropped on 25 Nov 2026."
