"""The overview: every number counts exactly the rows that its link shows."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.utils import timezone

from replicas_app import sync
from replicas_app.choices import EventKind, Role
from replicas_app.models import BackupServer, Replica, SyncRun
from replicas_app.overview import Overview, changes
from replicas_app.simulator import Simulator
from tests.factories import make_event, make_point, make_replica, make_server, make_server_of, make_sync_run, make_vm
from tests.pages.reading import PART

NOW = datetime(2026, 11, 25, 13, 31, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    cache.clear()


@pytest.fixture(scope="module")
def simulator():
    with Simulator(replicas=30, vms=2, points=12, seed=7, still=True, tls=True) as simulator:
        yield simulator


def read(server: BackupServer) -> SyncRun:
    run, _ = sync.request(server, "schedule")
    sync.sync(run.pk)
    run.refresh_from_db()
    return run


def words(answer) -> str:
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split()))


def linked_numbers(page: str) -> dict[str, int]:
    """Address → number, for each number that is a link to a list, and for each bar of a chart."""
    main = page.split('id="main"')[1]
    numbers = re.findall(r'<a [^>]*href="(/(?:replicas|restore-points|servers)/[^"]*)"[^>]*>([\d,]+)</a>', main)
    bars = re.findall(r'<a [^>]*href="(/restore-points/[^"]*)" data-count="(\d+)"', main)
    return {unescape(href): int(number.replace(",", "")) for href, number in numbers + bars}


def total(page: str) -> int:
    return int(re.search(r'data-total="(\d+)"', page).group(1))


def counted(client, href: str) -> int:
    """The total that the linked list tells, at once or in the second request that fills it."""
    page = client.get(href).content.decode()
    if found := re.search(r'data-total="(\d+)"', page):
        return int(found.group(1))
    counts = unescape(re.search(r'hx-get="([^"]*counts=[^"]*)"', page).group(1))
    return total(client.get(counts, headers=PART).content.decode())


@pytest.mark.django_db(transaction=True)
def test_every_number_is_the_total_of_the_list_that_it_links_to(viewer, simulator):
    server = make_server_of(simulator, "lab")
    read(server)

    numbers = linked_numbers(viewer.get("/?part=days").content.decode())

    assert len(numbers) > 15
    assert sum("created_before" in href for href in numbers) > 2
    assert numbers == {href: counted(viewer, href) for href in numbers}


def test_the_numbers_of_an_inventory_with_removed_rows_and_other_spellings_agree_with_the_lists(viewer):
    server = make_server("lab")
    make_replica(server, state="ready", type="regular", platform="vmware")
    make_replica(server, state="READY", type="Snapshot", platform="VMware", worst_malware="")
    make_replica(server, state="NeverHeardOf", type="Other", platform="Amiga", worst_malware="Strange")
    make_replica(server, state="", type="CDP", created_at=None)
    gone = make_replica(server, state="Failover", removed_at=timezone.now())
    make_point(make_vm(gone), malware="Infected", removed_at=timezone.now())
    make_point(make_vm(make_replica(server, point_count=1, worst_malware="Infected")), malware="infected")

    numbers = linked_numbers(viewer.get("/").content.decode())

    assert numbers == {href: counted(viewer, href) for href in numbers}
    assert sum(figure.count for figure in Overview(timezone.now()).states) == 5


def test_without_a_server_an_admin_is_led_to_connect_one(signed_in):
    answer = signed_in(role=Role.ADMIN).get("/")

    assert "No server yet" in words(answer)
    assert 'href="/servers/add/"' in answer.content.decode()


def test_a_server_that_was_never_read_shows_no_zeros_as_if_they_were_known(viewer):
    server = make_server("lab", last_success_at=None)

    unknown = words(viewer.get("/"))
    BackupServer.objects.filter(pk=server.pk).update(last_success_at=timezone.now())
    known = words(viewer.get("/"))

    assert "Nothing is known yet. lab was never read" in unknown
    assert "no scan found anything" not in unknown
    assert "every replica stands by" not in unknown
    assert "0 replicas with 0 restore points on 1 server" in known
    assert "every replica stands by" in known


def test_nothing_found_is_not_said_of_what_was_not_scanned(viewer):
    server = make_server()
    make_replica(server, point_count=1, worst_malware="Clean")
    unknown = make_replica(server, point_count=1, worst_malware="")

    partly = viewer.get("/")
    unknown.delete()
    wholly = words(viewer.get("/"))

    assert "Not clean 0 replicas with points not scanned 1" in words(partly)
    assert linked_numbers(partly.content.decode())["/replicas/?malware=NotScanned"] == 1
    assert "Not clean 0 no scan found anything" in wholly


def test_a_server_that_cannot_be_read_is_named_with_the_age_of_its_data_and_the_reason(viewer):
    make_server(
        "vbr-dr",
        last_success_at=timezone.now() - timedelta(hours=2, minutes=3),
        last_error="The server shows another certificate than the pinned one.",
        last_error_cause="tls_changed",
    )

    page = words(viewer.get("/"))

    assert "vbr-dr was last read 2 h 03 min ago" in page
    assert "The server shows another certificate than the pinned one." in page


def test_nothing_is_said_about_rpo(viewer):
    make_point(make_vm(make_replica(make_server())))

    assert "RPO" not in words(viewer.get("/"))


def test_many_changes_of_one_read_are_one_line_that_leads_to_exactly_them(viewer):
    server = make_server("vbr-oslo")
    run = make_sync_run(server, replicas_added=5, replicas_removed=1)
    for number in range(5):
        make_event(make_replica(server, f"vm{number}"), EventKind.APPEARED, run=run)
    make_event(make_replica(server, "gone", removed_at=timezone.now()), EventKind.REMOVED, run=run)

    page = viewer.get("/")
    href = unescape(re.search(r'href="([^"]*)">5</a>', page.content.decode()).group(1))

    assert "5 replicas appeared" in words(page)
    assert "gone is gone" in words(page)
    assert counted(viewer, href) == 5


def test_many_points_that_scans_found_infected_in_one_read_are_one_line_though_no_replica_changed(viewer):
    vm = make_vm()
    run = make_sync_run(vm.server, points_changed=4)
    for status in ("Infected", "Infected", "Suspicious", "Clean"):
        make_event(make_point(vm), EventKind.MALWARE, "Clean", status, run=run)
    make_sync_run(vm.server, points_changed=1)

    page = viewer.get("/")
    href = unescape(re.search(r'href="([^"]*)">4</a> restore points', page.content.decode()).group(1))

    assert "4 restore points changed their malware status Infected Suspicious" in words(page)
    assert counted(viewer, href) == 4


def test_what_a_read_saw_is_counted_once_where_it_is_very_much(viewer, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(changes, "MANY", 4)
    run = make_sync_run(replicas_added=4)
    for _ in range(4):
        make_event(make_replica(run.server), EventKind.APPEARED, run=run)
    first = changes.newest_changes()

    with django_assert_num_queries(1):
        again = changes.newest_changes()

    assert again == first
    assert [(change.count, change.words) for change in first] == [(4, "replicas appeared")]


def test_a_change_of_state_tells_from_what_to_what(viewer):
    replica = make_replica(name="erp", state="Failover")
    run = make_sync_run(replica.server, replicas_changed=1)
    make_event(replica, EventKind.STATE, "Ready", "Failover", run=run)

    assert "erp turned from Ready to Failover" in words(viewer.get("/"))


def test_the_chart_has_thirty_days_and_each_ends_before_the_next_begins(db):
    vm = make_vm()
    for moment in (
        datetime(2026, 11, 24, 0, 0, tzinfo=UTC),
        datetime(2026, 11, 24, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 11, 25, 0, 0, tzinfo=UTC),
        datetime(2026, 10, 26, 23, 59, 59, tzinfo=UTC),
    ):
        make_point(vm, created_at=moment)

    days = Overview(NOW).days

    assert (len(days), days[0].day, days[-1].day) == (
        30, datetime(2026, 10, 27, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC),
    )  # fmt: skip
    assert [day.count for day in days[-2:]] == [2, 1]
    assert sum(day.count for day in days) == 3


def test_an_open_page_is_sent_nothing_until_a_server_has_news(viewer):
    server = make_server()
    again = unescape(re.search(r'hx-get="(/\?seen=[^"]+)"', viewer.get("/").content.decode()).group(1))

    quiet = viewer.get(again, headers=PART)
    BackupServer.objects.filter(pk=server.pk).update(data_version=server.data_version + 1)
    news = viewer.get(again, headers=PART)

    assert (quiet.status_code, quiet.content) == (204, b"")
    assert news.status_code == 200
    assert "<html" not in news.content.decode()
    assert "HX-Request" in news["Vary"]


def test_the_overview_asks_the_database_as_often_for_three_servers_as_for_one(viewer, django_assert_num_queries):
    for _ in range(2):
        point = make_point(make_vm(make_replica(make_server())))
        make_event(point.replica, EventKind.APPEARED, run=make_sync_run(point.server, replicas_added=1))
        with django_assert_num_queries(20):
            viewer.get("/")


def test_a_disabled_server_stays_in_the_counts_and_is_said_to_be_disabled(viewer):
    make_replica(make_server("off", is_enabled=False))

    answer = viewer.get("/")

    assert Replica.objects.count() == Overview(timezone.now()).replicas.count == 1
    assert "Disabled" in words(answer)
