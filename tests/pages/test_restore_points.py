"""The list of restore points."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app.filters import facets, points
from replicas_app.models import BackupServer
from tests.deriving import derive
from tests.factories import make_point, make_replica, make_server, make_vm
from tests.pages.reading import PART, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def counting_takes_long(monkeypatch):
    """As it does over hundreds of thousands of rows: whatever a count costs is too much to wait for."""
    monkeypatch.setattr(facets, "LONG_COST", 0)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_database_as_often_for_one_row_as_for_three(rows, signed_in, django_assert_num_queries):
    client, server = signed_in(), make_server()
    for _ in range(rows):
        make_point(make_vm(make_replica(server)))

    with django_assert_num_queries(8):
        page = read(client, "/restore-points/")

    assert len(page.rows("point")) == rows


def test_a_search_looks_its_vms_up_first_and_counts_the_points_of_few_without_asking_how_long_that_takes(
    signed_in, django_assert_num_queries
):
    client, replica = signed_in(), make_replica(name="all sql")
    for vm in (make_vm(replica, "sql-01"), make_vm(replica, "web-01"), make_vm(name="sql-02"), make_vm(name="web-02")):
        make_point(vm)

    with django_assert_num_queries(8):
        page = read(client, "/restore-points/?q=sql&sort=name&malware=Clean")

    assert page.total == 3
    assert [row.cells[0] for row in page.rows("point")] == ["sql-01", "sql-02", "web-01"]


@pytest.mark.parametrize("few", [1, 2, 1000])
def test_a_search_finds_the_same_points_whether_few_or_many_vms_match(few, signed_in, monkeypatch):
    monkeypatch.setattr(points, "FEW", few)
    replica = make_replica(name="all sql")
    for vm in (make_vm(replica, "sql-01"), make_vm(replica, "web-01"), make_vm(name="sql-02"), make_vm(name="web-02")):
        make_point(vm)

    page = read(signed_in(), "/restore-points/?q=sql&sort=name")

    assert [row.cells[0] for row in page.rows("point")] == ["sql-01", "sql-02", "web-01"]


def test_a_row_says_what_is_known_of_its_point_and_the_newest_stands_first(signed_in):
    replica = make_replica(
        make_server("vbr-oslo"), "tier 1", platform="HyperV", platform_id="11111111-2222-3333-4444-5"
    )
    vm = make_vm(replica, "web-01")
    make_point(vm, created_at=timezone.now() - timedelta(hours=25, minutes=30), malware="", state="Odd")
    newest = make_point(
        vm,
        created_at=timezone.now() - timedelta(hours=23, minutes=1),
        malware="Infected",
        operations=["StartFlrRestore", "StartDiskPublish"],
    )

    newer, older = read(signed_in(), "/restore-points/").rows("point")

    assert newer.attrs["data-point"] == str(newest.uuid)
    words = f"{newest.created_at:%-d %b %Y, %H:%M} UTC"
    common = ["tier 1", "vbr-oslo", "Hyper-V", "11111111…"]
    assert newer.cells == ["web-01", words, "23 h 01 min", "Infected", "Ready", *common, "2"]
    assert older.cells[2:] == ["25 h 30 min", "Not scanned", "Odd", *common, "1"]


def test_the_same_id_on_two_servers_makes_two_rows(signed_in):
    client = signed_in()
    first = make_point()
    second = make_point(uuid=first.uuid)

    page = read(client, f"/restore-points/?q={first.uuid}")

    assert first.server_id != second.server_id
    assert page.total == len(page.rows("point")) == 2


def test_where_counting_takes_long_the_rows_come_first_and_a_second_request_brings_the_counts(
    signed_in, counting_takes_long
):
    client, server = signed_in(), make_server()
    for _ in range(30):
        make_point(make_vm(make_replica(server)))

    page = read(client, "/restore-points/?per_page=25&platform=VMware&page=2")
    second = page.attribute("[hx-trigger=load]", "hx-get")
    counts = read(client, second, headers=PART | {"HX-Target": "facets"})

    assert (page.total, len(page.rows("point"))) == (None, 5)
    assert second == "/restore-points/?per_page=25&platform=VMware&page=2&counts=1"
    assert counts.total == 30
    assert counts.rows("point") == []
    assert counts.text("#facets .n") == "30"
    assert "26–30 of 30" in counts.text("#foot")


def test_counts_that_took_long_are_kept_until_a_row_changes(signed_in, counting_takes_long):
    client = signed_in()
    point = make_point(make_vm(make_replica(make_server(data_version=1))))

    def totals() -> list[int | None]:
        return [read(client, f"/restore-points/{query}").total for query in ("", "?counts=1", "", "?malware=Infected")]

    assert totals() == [None, 1, 1, 0]
    make_point(point.vm)
    assert totals()[0] == 1
    BackupServer.objects.update(rows_version=2)
    assert totals() == [None, 2, 2, 0]


def test_without_javascript_the_counts_are_one_click_away_and_leave_no_trace_in_other_links(
    signed_in, counting_takes_long
):
    client = signed_in()
    make_point()

    page = read(client, "/restore-points/?malware=Clean")
    counted = read(client, page.link(text="Count them"))

    assert (page.total, counted.total) == (None, 1)
    assert counted.link(text="Created") == "/restore-points/?malware=Clean&sort=created"


def test_uncounted_pages_know_whether_there_is_a_next_one(signed_in, counting_takes_long):
    client, server = signed_in(), make_server()
    for _ in range(30):
        make_point(make_vm(make_replica(server)))

    first, last = read(client, "/restore-points/?per_page=25"), read(client, "/restore-points/?per_page=25&page=2")
    beyond = read(client, "/restore-points/?per_page=25&page=3")

    assert first.link(text="Next") == "/restore-points/?per_page=25&page=2"
    assert last.link(text="Previous") == "/restore-points/?per_page=25"
    assert last.select("a[rel=next]") == []
    assert beyond.text(".blank strong") == "Page 3 is past the end"
    assert beyond.link(text="Go to the first page") == "/restore-points/?per_page=25"


def test_who_looks_for_a_replica_without_points_is_led_to_the_replicas(signed_in):
    client = signed_in()
    make_replica(name="edge sites", type="CDP")

    page = read(client, "/restore-points/?q=edge")

    way = page.link(text="1 replica matches “edge”: see the replicas")
    assert read(client, way).total == 1


def test_the_number_of_points_of_a_replica_leads_to_exactly_those(signed_in):
    client = signed_in()
    replica = make_replica()
    twin = make_replica(uuid=replica.uuid)
    for count, one in ((3, replica), (1, twin)):
        for _ in range(count):
            make_point(make_vm(one))
        derive(one.server_id)

    page = read(client, f"/replicas/?server={replica.server_id}")

    points = page.link(text="3", within="td:nth-of-type(5)")
    assert read(client, points).total == 3
