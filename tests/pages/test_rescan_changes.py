"""What a rescan changed, on its own page, in the list, and on the pages of a replica and a VM."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app.choices import RescanState, SyncState
from replicas_app.models import BackupServer, Replica, Rescan
from replicas_app.rescans import compare
from tests.factories import (
    make_person,
    make_point,
    make_replica,
    make_rescan,
    make_server,
    make_sync_run,
    make_vm,
)
from tests.pages.reading import read
from tests.pages.rescan_pages import rescans_in
from tests.rescans.test_wishes import replicas_of


def compared(*replicas, **fields) -> Rescan:
    """A rescan whose server was asked and read again; what of it changed is written down."""
    rescan = make_rescan(*replicas, state=RescanState.SUCCEEDED, **fields)
    BackupServer.objects.filter(pk=rescan.server_id).update(last_full_at=timezone.now())
    compare.note_before(rescan)
    return rescan


def with_changes(server) -> Rescan:
    """Of three replicas: one gained a point with a new VM, one changed its state, one stayed as it was."""
    gains, turns, stays = (make_replica(server, f"tier {number}") for number in (3, 2, 1))
    rescan = compared(gains, turns, stays)
    vm = make_vm(gains, "sql-01", point_count=1)
    make_point(vm)
    Replica.objects.filter(pk=gains.pk).update(point_count=1, vm_count=1)
    Replica.objects.filter(pk=turns.pk).update(state="Failover")
    compare.note_after(rescan)
    rescan.refresh_from_db()
    return rescan


def test_the_page_shows_each_replica_before_and_after_those_that_changed_first(viewer):
    rescan = with_changes(make_server("lab"))

    page = read(viewer, f"/rescans/{rescan.pk}/")

    assert page.text("#changes") == (
        "2 of 3 replicas changed: 1 restore point gained; 1 VM gained; 1 replica in another state."
    )
    rows = [row.cells for row in page.rows("replica")]
    assert [row[0] for row in rows] == ["tier 2", "tier 3", "tier 1"]
    assert rows[0][1] == "Ready → Failover"
    assert rows[1][3:6] == ["0 → 1 gained sql-01", "0 → 1 1 gained", "–"]
    assert rows[2][1:6] == ["Ready", "–", "0", "0", "–"]


def test_the_numbers_of_before_and_after_lead_to_the_rows_behind_them(viewer):
    rescan = with_changes(make_server("lab"))
    gains = rescan.replicas.get(name="tier 3")

    page = read(viewer, f"/rescans/{rescan.pk}/")

    points = read(viewer, page.link("1 gained", within=f"tr[data-replica='{gains.uuid}']"))
    assert [row.attrs["data-point"] for row in points.rows("point")] == [str(gains.points.get().uuid)]


def test_the_list_says_in_a_word_what_each_rescan_changed(viewer):
    server = make_server("lab")
    with_changes(server)
    calm = compared(make_replica(server))
    compare.note_after(calm)
    make_rescan(make_replica(server), state=RescanState.REFUSED)
    waiting = compared(make_replica(server), next_poll_at=timezone.now())

    page = read(viewer, "/rescans/")

    said = [row.cells[6] for row in page.rows("rescan")]
    assert said == ["not known yet", "–", "nothing", "+1 point …"]
    assert page.attribute("#rescans", "data-poll") == "2"
    assert waiting.pk == rescans_in(viewer.get("/rescans/"))[0]


@pytest.mark.django_db(transaction=True)
def test_a_file_of_the_list_has_what_each_rescan_changed_in_figures(viewer):
    server = make_server("lab")
    with_changes(server)
    make_rescan(make_replica(server), state=RescanState.REFUSED)

    answer = viewer.get("/rescans/?export=csv")

    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    figures = ("replicas_changed", "points_gained", "points_lost", "vms_gained", "vms_lost")
    assert [[row[name] for name in figures] for row in rows] == [["", "", "", "", ""], ["2", "1", "0", "1", "0"]]


def test_a_read_that_failed_after_a_rescan_is_told_with_its_reason_and_asked_for_rarely(viewer):
    server = make_server("lab")
    run = make_sync_run(server, state=SyncState.FAILED, is_full=True, error="The server did not answer in time.")
    rescan = compared(make_replica(server), next_poll_at=timezone.now(), sync_run=run)
    BackupServer.objects.update(last_full_at=timezone.now() - timedelta(days=1))

    page = read(viewer, f"/rescans/{rescan.pk}/")

    assert page.text("#changes").startswith(
        "Not known yet: lab could not be read in full after the rescan. The server did not answer in time. "
        "The next full sweep that comes through tells. It is waited for until "
    )
    assert page.attribute("#rescan", "data-poll") == "15"


def test_five_hundred_replicas_are_shown_in_part_and_all_when_asked(viewer, django_assert_num_queries):
    rescan = compared(*replicas_of(make_server("lab"), 500))
    compare.note_after(rescan)

    with django_assert_num_queries(5):
        page = read(viewer, f"/rescans/{rescan.pk}/")

    assert page.text("#changes") == "Nothing changed: all 500 replicas are as before."
    assert (len(page.rows("replica")), page.total) == (50, 500)
    assert len(read(viewer, f"/rescans/{rescan.pk}/?all=1").rows("replica")) == 500


def rescanned_with_changes(replica: Replica, number: int = 1) -> Rescan:
    """A rescan after which the replica had one point and VM more, one of each less, and another state."""
    make_sync_run(replica.server, ended_at=timezone.now())
    lost = make_vm(replica, f"old-{number:02}", point_count=1)
    point = make_point(lost, first_seen_at=timezone.now() - timedelta(days=3))
    Replica.objects.filter(pk=replica.pk).update(point_count=1, vm_count=1, worst_malware="Clean")
    rescan = compared(replica, asked_by=make_person())
    type(point).objects.filter(pk=point.pk).update(removed_at=timezone.now())
    type(lost).objects.filter(pk=lost.pk).update(point_count=0)
    make_point(make_vm(replica, f"sql-{number:02}", point_count=1))
    Replica.objects.filter(pk=replica.pk).update(state="Failover", worst_malware="Infected")
    compare.note_after(rescan)
    return rescan


def test_the_page_of_a_replica_tells_what_each_rescan_changed_of_it(viewer):
    replica = make_replica(make_server("lab"), "tier 1", state="Ready")
    rescanned_with_changes(replica)
    make_sync_run(replica.server, ended_at=timezone.now())
    calm = compared(replica)
    compare.note_after(calm)
    make_rescan(replica, state=RescanState.REFUSED)
    compared(replica, next_poll_at=timezone.now())
    make_rescan(replica, next_poll_at=timezone.now())

    page = read(viewer, f"/replicas/{replica.pk}/")

    told = [row.cells[2] for row in page.rows("rescan")]
    assert told[:4] == ["–", "not known yet", "–", "nothing"]
    assert told[4] == (
        "Ready → Failover Points 1 → 1: 1 gained and 1 lost"
        " VMs 1 → 1 gained sql-01 lost old-01 Malware Clean → Infected"
    )
    gained, lost = (read(viewer, page.link(words, within="tr[data-changed]")) for words in ("1 gained", "1 lost"))
    assert (gained.total, len(lost.rows("point"))) == (1, 2)


def test_the_page_of_a_vm_tells_what_the_rescans_of_its_replica_changed(viewer):
    replica = make_replica(make_server("lab"), "tier 1", state="Ready")
    rescanned_with_changes(replica)

    page = read(viewer, f"/vms/{replica.vms.get(name='sql-01').pk}/")

    assert page.text("#rescans-title") == "Rescans of its replica"
    assert page.rows("rescan")[0].cells[2].startswith("Ready → Failover Points 1 → 1: 1 gained and 1 lost")


def test_ten_rescans_on_the_page_of_a_replica_cost_no_more_queries_than_one(viewer, django_assert_num_queries):
    few, many = make_replica(state="Ready"), make_replica(state="Ready")
    for replica, count in ((few, 1), (many, 10)):
        for number in range(count):
            rescanned_with_changes(replica, number)

    for replica in (few, many):
        with django_assert_num_queries(12):
            viewer.get(f"/replicas/{replica.pk}/")
