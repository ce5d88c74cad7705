"""The page of one VM: points in time, what is known, and what is not."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from replicas_app.choices import EventKind, Role
from replicas_app.models import BackupServer, Event
from tests.deriving import derive
from tests.factories import make_point, make_replica, make_rescan, make_server, make_vm
from tests.pages.reading import PART, read
from tests.pages.vm_rows import make_vm_with_points

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_the_page_of_a_vm_says_what_is_known_and_leads_to_the_rows_behind_it(signed_in):
    replica = make_replica(make_server("vbr-oslo"), "tier 1", platform="HyperV", state="Failover")
    vm = make_vm(replica, "web-01", first_seen_at=NOON)
    make_point(vm, created_at=NOON - timedelta(days=2), malware="Suspicious")
    clean = make_point(vm, created_at=NOON - timedelta(days=1))
    newest = make_point(vm, created_at=NOON, malware="", operations=["StartFlrRestore", "StartDiskPublish"])
    derive(vm.server_id)
    client = signed_in()

    page = read(client, f"/vms/{vm.pk}/")

    facts = page.facts
    assert facts["Newest point"].startswith("25 Nov 2026, 12:00 UTC")
    assert facts["Newest point"].endswith(": Not scanned")
    assert facts["Newest clean point"].startswith(f"{clean.created_at:%-d %b %Y}, 12:00 UTC")
    assert facts["Malware"] == "Suspicious, the worst of its points"
    assert facts["State"] == "Ready; its replica: Failover"
    assert facts["Restore points"] == "3, oldest 23 Nov 2026, 12:00 UTC"
    assert facts["Can do"] == "Restore single files, Publish disks"
    assert facts["Replica"] == f"tier 1 {replica.uuid}"
    assert facts["First seen"] == "25 Nov 2026, 12:00 UTC"
    assert page.link(text="25 Nov 2026, 12:00 UTC") == newest.get_absolute_url()
    assert len(page.rows("point")) == page.total == 3
    assert page.attribute(".head[data-vm]", "data-vm") == str(vm.pk)


def test_the_points_of_a_vm_can_be_narrowed_like_all_others(signed_in):
    vm = make_vm_with_points(1, 2, 3)
    make_vm_with_points(1, replica=vm.replica)
    make_point(vm, malware="Infected")

    page = read(signed_in(), f"/vms/{vm.pk}/?malware=Infected&span=week")

    assert page.total == 1
    assert page.attribute("#narrow input[name=malware][value=Clean]", "type") == "checkbox"
    assert page.select("input[name=span][value=week]")


def test_each_point_is_a_mark_on_the_line_and_leads_to_its_page(signed_in):
    vm = make_vm(name="web-01")
    old = make_point(vm, created_at=timezone.now() - timedelta(days=20), malware="Infected")
    new = make_point(vm, created_at=timezone.now() - timedelta(days=4))
    make_point(vm, created_at=timezone.now() - timedelta(days=40))
    make_point(vm, created_at=timezone.now() - timedelta(days=5), removed_at=timezone.now())
    derive(vm.server_id)

    page = read(signed_in(), f"/vms/{vm.pk}/")

    marks = page.select(".timeline a")
    assert [mark["href"] for mark in marks] == [old.get_absolute_url(), new.get_absolute_url()]
    assert [mark.select("[data-status]")[0]["data-status"] for mark in marks] == ["critical", "ok"]
    assert marks[0]["aria-label"].endswith("UTC: Infected")
    assert page.text(".timeline .label") == "none for 4 d 0 h"


def test_points_that_stand_too_close_are_one_mark_that_leads_to_exactly_their_rows(signed_in):
    vm = make_vm_with_points(*[48 + hour / 4 for hour in range(5)], 300)
    client = signed_in()

    page = read(client, f"/vms/{vm.pk}/?span=month")

    alone, run = page.select(".timeline a")
    assert "Clean" in alone["aria-label"]
    assert run["aria-label"].startswith("5 points, ")
    assert run["aria-label"].endswith("all clean")
    assert read(client, run["href"].removesuffix("#points")).total == 5


def test_an_alarm_stands_alone_in_the_middle_of_a_crowd(signed_in):
    vm = make_vm_with_points(*[10 + hour / 4 for hour in range(8)])
    make_point(vm, created_at=timezone.now() - timedelta(hours=11), malware="Suspicious")
    derive(vm.server_id)

    marks = read(signed_in(), f"/vms/{vm.pk}/?span=week").select(".timeline a")

    assert [bool(mark.select("rect")) for mark in marks] == [True, False, True]
    assert marks[1].select("path")[0]["data-status"] == "late"


@pytest.mark.parametrize(("span", "count"), [("day", 1), ("week", 2), ("month", 3), ("all", 4)])
def test_the_line_reaches_back_as_far_as_is_asked_for(span, count, signed_in):
    vm = make_vm_with_points(1, 24 * 6, 24 * 20, 24 * 400)

    page = read(signed_in(), f"/vms/{vm.pk}/?span={span}")

    assert len(page.select(".timeline a")) == count
    assert page.text(".spans [aria-current]") == span


@pytest.mark.parametrize(("oldest", "span"), [(20, "day"), (100, "week"), (24 * 20, "month"), (24 * 400, "month")])
def test_a_line_reaches_over_all_points_if_that_is_not_too_far(oldest, span, signed_in):
    vm = make_vm_with_points(1, oldest)

    assert read(signed_in(), f"/vms/{vm.pk}/").text(".spans [aria-current]") == span


def test_a_line_without_a_point_says_so_and_offers_all_of_them(signed_in):
    vm = make_vm_with_points(24 * 90)
    client = signed_in()

    page = read(client, f"/vms/{vm.pk}/")

    assert page.select(".timeline") == []
    assert page.text("#timeline .none").startswith("No restore point since")
    assert len(read(client, page.link(text="Show all").partition("#")[0]).select(".timeline a")) == 1


def test_a_point_ahead_of_our_clock_is_placed_by_the_clock_that_made_it(signed_in):
    server = make_server(clock_skew_seconds=7200)
    vm = make_vm_with_points(-1, replica=make_replica(server))

    page = read(signed_in(), f"/vms/{vm.pk}/?span=day")

    assert page.select(".timeline circle")[0]["cx"] == f"{1200 * 23 / 24:.1f}"
    assert "1 h 00 min ago" in page.facts["Newest point"]


def test_what_is_not_known_is_said(signed_in):
    vm = make_vm_with_points(1, malware="")
    BackupServer.objects.update(last_full_at=timezone.now() - timedelta(hours=9))

    words = read(signed_in(), f"/vms/{vm.pk}/").text(".unknowns")

    assert "Whether its newest point is clean" in words
    assert "Which of its points is clean" in words
    assert "since the last full sweep, 9 h 00 min ago" in words
    assert "no target says how old it may be" in words


def test_a_vm_without_a_point_is_shown_as_removed_and_keeps_its_page(signed_in):
    vm = make_vm(name="gone")
    make_point(vm, removed_at=NOON)
    client = signed_in()

    page = read(client, f"/vms/{vm.pk}/")

    assert read(client, "/vms/").total == 0
    assert read(client, "/vms/?removed=1").text("tr[data-removed] .pill") == "Removed"
    assert "No restore point names this VM any more" in page.text(".notice")
    assert page.facts["Newest point"] == "None"
    assert page.total == 0


def test_changes_of_a_vm_and_rescans_of_its_replica_stand_on_its_page(signed_in):
    vm = make_vm_with_points(1)
    Event.objects.create(server=vm.server, replica=vm.replica, vm=vm, kind=EventKind.FIRST_POINT, at=NOON)
    rescan = make_rescan(vm.replica)

    page = read(signed_in(), f"/vms/{vm.pk}/")

    assert len(page.rows("event")) == 1
    assert [row.attrs["data-rescan"] for row in page.rows("rescan")] == [str(rescan.pk)]


def test_only_an_operator_is_offered_a_rescan_of_the_replica(signed_in):
    vm = make_vm_with_points(1)

    assert read(signed_in(role=Role.VIEWER), f"/vms/{vm.pk}/").select(".head .acts a") == []
    assert (
        f"id={vm.replica_id}"
        in read(signed_in(role=Role.OPERATOR), f"/vms/{vm.pk}/").select(".head .acts a")[0]["href"]
    )


def test_replica_and_restore_point_lead_to_the_vm(signed_in):
    client = signed_in()
    vm = make_vm_with_points(1, name="web-01")

    for address in (vm.replica.get_absolute_url(), vm.points.get().get_absolute_url()):
        assert vm.get_absolute_url() in [tag["href"] for tag in read(client, address).select("main a[href]")]


def test_a_part_of_the_page_brings_the_rows_and_what_is_around_them(signed_in):
    make_vm(point_count=1)

    part = read(signed_in(), "/vms/?sort=-newest", headers=PART | {"HX-Target": "list"})

    assert part.select("html") == []
    assert [one["id"] for one in part.all("[hx-swap-oob]")][:2] == ["total", "files"]


@pytest.mark.parametrize("pk", ["0", "987654", "99999999999999999999"])
def test_a_vm_that_is_not_there_is_not_found(pk, signed_in):
    assert signed_in().get(f"/vms/{pk}/").status_code == 404


def test_a_span_that_there_is_not_is_told_and_the_line_stays_as_it_is(signed_in):
    vm = make_vm_with_points(1)

    page = read(signed_in(), f"/vms/{vm.pk}/?span=decade")

    assert "“decade” is not among day, week, month, all." in page.text(".complaints")
    assert page.text(".spans [aria-current]") == "day"
