"""The inventory as it was: the rows of today with every later change undone; here both are made by hand."""

import json
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from replicas_app import history
from replicas_app.choices import EventKind, SyncState
from replicas_app.history import inventory
from replicas_app.models import BackupServer, Replica, RestorePoint
from tests.factories import make_event, make_point, make_replica, make_server, make_sync_run, make_vm

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
A_MOMENT = timedelta(microseconds=1)


def at(hours: float) -> datetime:
    return NOON + HOUR * hours


@pytest.fixture
def server() -> BackupServer:
    return make_server("vbr-oslo")


@pytest.fixture
def replica(server) -> Replica:
    return make_replica(server, "tier 1", first_seen_at=at(0), state="Ready")


@pytest.fixture
def point(replica) -> RestorePoint:
    """Seen from the first hour on."""
    vm = make_vm(replica, "erp-db", first_seen_at=at(1))
    return make_point(vm, created_at=at(0.5), first_seen_at=at(1))


def states(server: BackupServer, *hours: float) -> list[list[str]]:
    return [[row.state for row in history.inventory_at(server, at(hour)).replicas()] for hour in hours]


def points(server: BackupServer, *hours: float) -> list[list[tuple[str, str]]]:
    return [[(row.state, row.malware) for row in history.inventory_at(server, at(hour)).points()] for hour in hours]


def test_a_replica_has_at_each_moment_the_state_that_syncs_had_seen_by_then(server, replica):
    make_event(replica, EventKind.APPEARED, new="Ready", at=at(0))
    make_event(replica, EventKind.STATE, "Ready", "Failover", at=at(2))
    make_event(replica, EventKind.STATE, "Failover", "Failback", at=at(4))
    Replica.objects.update(state="Failback")

    assert states(server, -1, 0, 1, 2, 3, 4, 5) == [
        [], ["Ready"], ["Ready"], ["Failover"], ["Failover"], ["Failback"], ["Failback"],
    ]  # fmt: skip


def test_a_replica_that_went_and_came_back_is_missing_in_between_and_nowhere_else(server, replica):
    make_event(replica, EventKind.REMOVED, "Ready", at=at(2))
    make_event(replica, EventKind.REAPPEARED, new="Failover", at=at(4))
    make_event(replica, EventKind.REMOVED, "Failover", at=at(6))
    Replica.objects.update(state="Failover", removed_at=at(6))

    assert states(server, 1, 2, 3, 4, 5, 6, 7) == [["Ready"], [], [], ["Failover"], ["Failover"], [], []]


def test_the_last_microsecond_before_a_change_is_before_it(server, replica):
    make_event(replica, EventKind.STATE, "Ready", "Failover", at=at(2))
    Replica.objects.update(state="Failover")

    before = history.inventory_at(server, at(2) - A_MOMENT)

    assert [row.state for row in before.replicas()] == ["Ready"]


def test_a_point_has_at_each_moment_the_state_and_malware_status_that_syncs_had_seen_by_then(server, point):
    make_event(point, EventKind.MALWARE, "", "Clean", at=at(2))
    make_event(point, EventKind.STATE, "Ready", "Failover", at=at(3))
    make_event(point, EventKind.MALWARE, "Clean", "Infected", at=at(4))
    RestorePoint.objects.update(state="Failover", malware="Infected", removed_at=at(5))

    assert points(server, 0, 1, 2, 3, 4, 5) == [
        [], [("Ready", "")], [("Ready", "Clean")], [("Failover", "Clean")], [("Failover", "Infected")], [],
    ]  # fmt: skip


def test_a_point_that_was_gone_twice_is_missing_exactly_then(server, point):
    make_event(point, EventKind.REAPPEARED, at(2).isoformat(), at=at(3))
    make_event(point, EventKind.MALWARE, "Clean", "Infected", at=at(5))
    make_event(point, EventKind.REAPPEARED, at(4).isoformat(), at=at(5))
    RestorePoint.objects.update(malware="Infected", removed_at=at(6))

    clean, infected = [("Ready", "Clean")], [("Ready", "Infected")]
    assert points(server, 1, 2, 2.5, 3, 4, 4.5, 5, 6) == [clean, [], [], clean, [], [], infected, []]


def test_what_vms_and_replicas_had_is_worked_out_from_the_points_of_that_moment(server, replica, point):
    newer = make_point(point.vm, created_at=at(2.5), first_seen_at=at(3), malware="Infected", state="Failover")
    make_event(newer, EventKind.MALWARE, "", "Infected", at=at(5))

    def vm(hours: float) -> tuple:
        [row] = history.inventory_at(server, at(hours)).vms()
        return row.state, row.malware, row.worst_malware, row.points, row.newest_point_at, row.newest_clean_at

    def of_replica(hours: float) -> tuple:
        [row] = history.inventory_at(server, at(hours)).replicas()
        return row.malware, row.vms, row.points, row.newest_point_at

    assert list(history.inventory_at(server, at(0)).vms()) == []
    assert vm(1) == ("Ready", "Clean", "Clean", 1, at(0.5), at(0.5))
    assert vm(3) == ("Failover", "", "", 2, at(2.5), at(0.5))
    assert vm(5) == ("Failover", "Infected", "Infected", 2, at(2.5), at(0.5))
    assert [of_replica(hours) for hours in (0, 1, 5)] == [
        (None, 0, 0, None), ("Clean", 1, 1, at(0.5)), ("Infected", 1, 2, at(2.5)),
    ]  # fmt: skip


def test_other_servers_have_no_part_in_it(server, replica, point):
    stranger = make_point(make_vm(make_replica(first_seen_at=at(0)), first_seen_at=at(0)), first_seen_at=at(0))
    make_event(stranger, EventKind.MALWARE, "Clean", "Infected", at=at(3))

    then = history.inventory_at(server, at(2))

    assert [row.uuid for row in then.replicas()] == [replica.uuid]
    assert [row.uuid for row in then.points()] == [point.uuid]
    assert [astuple(row)[:2] for row in then.vms()] == [(point.vm_id, "erp-db")]


def test_an_instant_before_what_is_kept_is_refused_in_words(server):
    BackupServer.objects.update(history_from=at(5))

    with pytest.raises(history.NotKept) as refusal:
        history.inventory_at(server, at(4))

    assert str(refusal.value) == (
        "The history of vbr-oslo is kept from 1 Oct 2026, 17:00 UTC on. "
        "What it had at 1 Oct 2026, 16:00 UTC cannot be told any more."
    )
    assert list(history.inventory_at(server, at(5)).replicas()) == []


def test_an_instant_that_lies_ahead_is_refused(server):
    with pytest.raises(history.NotKept, match="lies ahead"):
        history.inventory_at(server, timezone.now() + HOUR)


def test_a_stream_during_which_retention_dropped_what_it_needs_ends_in_a_refusal(server, replica):
    rows = history.inventory_at(server, at(1)).replicas()
    first = next(rows)

    BackupServer.objects.update(history_from=at(2))

    assert first.uuid == replica.uuid
    with pytest.raises(history.NotKept):
        list(rows)


def test_a_long_list_is_streamed_whole(server, point, monkeypatch):
    monkeypatch.setattr(inventory, "ROWS_AT_ONCE", 2)
    for _ in range(4):
        make_point(point.vm, first_seen_at=at(1))

    assert len(list(history.inventory_at(server, at(2)).points())) == 5


# From the shell


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("inventory", *arguments, stdout=out)
    return out.getvalue()


def test_the_shell_tells_sums_and_each_replica_and_vm(server, replica, point):
    make_sync_run(server, is_full=True, started_at=at(0), ended_at=at(1))
    make_sync_run(server, started_at=at(1.5), ended_at=at(1.6))
    make_sync_run(server, state=SyncState.FAILED, started_at=at(1.8), ended_at=at(1.9))
    make_event(point, EventKind.MALWARE, "Infected", "Clean", at=at(3))
    make_replica(server, "edge", type="CDP", state="", first_seen_at=at(0))

    assert told("--server", "VBR-oslo", "--at", "2026-10-01T16:00+02:00").splitlines() == [
        "vbr-oslo at 1 Oct 2026, 14:00 UTC, as read at 1 Oct 2026, 13:30 UTC, in full at 1 Oct 2026, 12:00 UTC.",
        "",
        "2 replicas, by state: 1 without, 1 Ready",
        "1 VM, by the malware status of its newest point: 1 Infected",
        "1 restore point, by malware status: 1 Infected",
        "replica edge: no state, 0 points",
        "replica tier 1: Ready, 1 point, worst infected",
        "VM erp-db on tier 1: 1 point, newest 1 Oct 2026, 12:30 UTC infected, worst infected",
    ]


def test_the_shell_tells_every_row_as_a_line_of_json(server, replica, point):
    lines = [json.loads(line) for line in told("--server", "vbr-oslo", "--at", "2026-10-01T14", "--json").splitlines()]

    assert [line["what"] for line in lines] == ["inventory", "replica", "vm", "point"]
    assert lines[0] == {
        "what": "inventory",
        "server": "vbr-oslo",
        "at": "2026-10-01T14:00:00Z",
        "last_read_at": None,
        "last_full_sweep_at": None,
    }
    assert lines[3] == {
        "what": "point",
        "uuid": str(point.uuid),
        "replica_uuid": str(replica.uuid),
        "vm": "erp-db",
        "created_at": "2026-10-01T12:30:00Z",
        "state": "Ready",
        "malware": "Clean",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--server", "vbr-rome", "--at", "2026-10-01"), "There is no server called vbr-rome. There are: vbr-oslo."),
        (("--server", "vbr-oslo", "--at", "last night"), "“last night” is not a date and time"),
        (("--server", "vbr-oslo", "--at", "2099-01-01"), "1 Jan 2099, 00:00 UTC lies ahead"),
    ],
)
def test_the_shell_refuses_in_words(arguments, words, server):
    with pytest.raises(CommandError, match=words):
        told(*arguments)


def test_an_instant_before_the_first_read_says_that_nobody_had_read_it(server):
    assert told("--server", "vbr-oslo", "--at", "2026-10-01").splitlines() == [
        "vbr-oslo at 1 Oct 2026, 00:00 UTC, which no sync had read by then.",
        "",
        "0 replicas",
        "0 VMs",
        "0 restore points",
    ]
