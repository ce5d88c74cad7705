"""The list of VMs: what each row says, what narrows it, how it is sorted."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from replicas_app.choices import Role
from tests.deriving import derive
from tests.factories import make_point, make_replica, make_rescan, make_server, make_vm
from tests.pages.reading import PART, Reading, read
from tests.pages.vm_rows import make_vm_with_points

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def names_of(client, query: str) -> list[str]:
    return [row.cells[0] for row in read(client, f"/vms/?{query}").rows("vm")]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_database_as_often_for_one_row_as_for_three(rows, signed_in, django_assert_num_queries):
    client, server = signed_in(role=Role.OPERATOR), make_server()
    for _ in range(rows):
        make_vm(make_replica(server), point_count=1)

    with django_assert_num_queries(7):
        part = read(client, "/vms/", headers=PART)

    assert len(part.rows("vm")) == rows


def test_a_row_says_what_is_known_of_a_vm(signed_in):
    replica = make_replica(make_server("vbr-oslo"), "tier 1", platform="HyperV", job_id="11111111-2222-3333-4444-5")
    vm = make_vm(replica, "web-01")
    make_point(vm, created_at=timezone.now() - timedelta(hours=30, minutes=2), malware="Clean")
    make_point(vm, created_at=timezone.now() - timedelta(hours=2, minutes=5), malware="Infected", state="Failover")
    derive(vm.server_id)

    (row,) = read(signed_in(), "/vms/").rows("vm")

    assert row.attrs["data-vm"] == str(vm.pk)
    ages = ["2 h 05 min", "", "30 h 02 min"]
    assert row.cells == [
        "web-01",
        *ages,
        "Infected",
        "Failover",
        "2",
        "tier 1",
        "vbr-oslo",
        "Hyper-V",
        "11111111…",
        "–",
        "–",
    ]


def test_the_strip_of_a_row_shows_the_points_of_seven_days_in_one_path(signed_in):
    make_vm_with_points(1, 25, 50, 300)

    strip = read(signed_in(), "/vms/").select("tr[data-vm] .strip")[0]

    assert strip["aria-label"] == "3 restore points in the last 7 days"
    assert strip.select(".points")[0]["d"].count("M") == 3


def test_only_those_who_may_rescan_tick_rows_and_the_tick_of_a_vm_is_that_of_its_replica(signed_in):
    tier, gone = make_replica(name="<tier>"), make_replica(name="gone", removed_at=NOON)
    for replica, name in ((tier, "web-1"), (tier, "web-2"), (gone, "x-1")):
        make_vm(replica, name, point_count=1)

    viewers = read(signed_in(), "/vms/")
    operators = read(signed_in(role=Role.OPERATOR), "/vms/")

    assert viewers.all(".tick, #picked, script[src*=selection]") == []
    assert [(box["aria-label"], box["value"], "disabled" in box) for box in operators.all("input[name=id]")] == [
        ("Select web-1 on <tier>", str(tier.pk), False),
        ("Select web-2 on <tier>", str(tier.pk), False),
        ("Select x-1 on gone", str(gone.pk), True),
    ]
    ids = [tag["id"] for tag in operators.all("[id]")]
    assert sorted(set(ids)) == sorted(ids)


def test_ticked_vms_of_one_replica_are_sent_without_javascript_as_one_and_what_is_left_out_is_told(signed_in):
    client, server = signed_in(role=Role.OPERATOR), make_server("lab")
    tier, taken = make_replica(server, "tier 1"), make_replica(server, "tier 2")
    for replica in (tier, tier, taken):
        make_vm(replica, point_count=1)
    rescan = make_rescan(taken)

    page = read(client, "/vms/")
    boxes = page.all("input[name=id]")
    asked = Reading(client.post(page.attribute("form#picked", "action"), {"id": [box["value"] for box in boxes]}))

    assert [box["form"] for box in boxes] == ["picked"] * 3
    assert asked.text("#question") == "Rescan tier 1 on lab?"
    assert asked.text(".notice[data-status=late]").startswith(f"Left out: tier 2 is in {rescan} of ")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=sql", ["sql-1", "web-1"]),
        ("q==sql-1", ["sql-1"]),
        ("q=tier*", ["sql-1"]),
        ("state=Failover", ["web-1"]),
        ("malware=Infected", ["sql-1"]),
        ("malware=NotScanned&malware=Infected", ["sql-1", "web-1"]),
        ("type=Snapshot", ["sql-1", "web-1"]),
        ("type=CDP", []),
        ("platform=HyperV", ["sql-1"]),
        ("platform_id=P-1", ["sql-1"]),
        ("job=J-1", ["sql-1"]),
        ("policy=gold", ["web-1"]),
        ("created_after=2026-11-25T12:00:00Z", ["sql-1"]),
        ("created_before=2026-11-25T11:59:59Z", ["web-1"]),
        ("removed=1", ["gone", "sql-1", "web-1"]),
    ],
)
def test_each_key_narrows_by_what_it_says(query, names, signed_in):
    server = make_server()
    tier = make_replica(server, "tier 1", platform="HyperV", platform_id="P-1", job_id="J-1")
    other = make_replica(server, "for sql and web", policy_id="gold", job_id="J-2")
    figures = {"point_count": 2, "newest_state": "Ready", "worst_malware": "Infected"}
    make_vm(tier, "sql-1", newest_point_at=NOON, **figures)
    figures |= {"newest_state": "Failover", "worst_malware": ""}
    make_vm(other, "web-1", newest_point_at=NOON - timedelta(hours=1), **figures)
    make_vm(other, "gone")

    assert names_of(signed_in(), query) == names


def test_a_vm_is_asked_for_by_its_server_its_replica_and_its_number(signed_in):
    client = signed_in()
    first, second = (make_vm(make_replica(make_server()), point_count=1) for _ in range(2))

    assert names_of(client, f"server={first.server_id}") == [first.name]
    assert names_of(client, f"replica={second.replica.uuid}") == [second.name]
    assert names_of(client, f"vm={first.pk}&vm={second.pk}") == [first.name, second.name]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["vm9", "vm10", "zoo"]),
        ("-name", ["zoo", "vm10", "vm9"]),
        ("newest", ["vm10", "vm9", "zoo"]),
        ("-newest", ["vm9", "vm10", "zoo"]),
        ("clean", ["vm10", "vm9", "zoo"]),
        ("-points", ["vm10", "vm9", "zoo"]),
        ("malware", ["vm9", "vm10", "zoo"]),
        ("state", ["vm10", "vm9", "zoo"]),
        ("replica", ["zoo", "vm10", "vm9"]),
        ("platform", ["vm9", "vm10", "zoo"]),
    ],
)
def test_each_head_sorts_and_what_has_no_value_stands_last(sort, names, signed_in):
    server = make_server()
    early = NOON - timedelta(days=1)
    good = {"newest_state": "Ready", "worst_malware": "Clean", "newest_point_at": NOON, "newest_clean_at": NOON}
    bad = {"newest_state": "Failover", "worst_malware": "Infected", "newest_point_at": early, "newest_clean_at": early}
    make_vm(make_replica(server, "c", platform="HyperV"), "vm9", point_count=2, **good)
    make_vm(make_replica(server, "b", platform="VMware"), "vm10", point_count=3, **bad)
    make_vm(make_replica(server, "a", platform=""), "zoo")

    assert names_of(signed_in(), f"removed=1&sort={sort}") == names


def test_ticks_say_how_many_vms_each_leads_to(signed_in):
    client, server = signed_in(), make_server()
    for number in range(3):
        make_vm(make_replica(server), point_count=1, newest_state="Failover" if number else "Ready", worst_malware="")

    page = read(client, "/vms/?state=Failover")

    counts = {label["value"]: label.find_next("span", class_="n").text for label in page.select("input[name=state]")}
    assert counts == {"Ready": "1", "Failover": "2"}
    assert page.total == 2


def test_a_replica_that_names_no_vm_is_found_from_the_list_of_vms(signed_in):
    client = signed_in()
    make_replica(name="edge sites", type="CDP")

    page = read(client, "/vms/?q=edge")

    assert read(client, page.link(text="1 replica matches “edge”: see the replicas")).total == 1


def test_more_matches_than_are_looked_up_first_are_found_all_the_same(signed_in, monkeypatch):
    monkeypatch.setattr("replicas_app.filters.vms.FEW", 1)
    server = make_server()
    for number in range(3):
        make_vm(make_replica(server, f"tier {number}"), f"sql-{number}", point_count=1)

    assert names_of(signed_in(), "q=sql") == ["sql-0", "sql-1", "sql-2"]
    assert names_of(signed_in(), "q=tier") == ["sql-0", "sql-1", "sql-2"]


def test_who_looks_for_a_vm_among_the_replicas_is_led_to_the_vms(signed_in):
    client = signed_in()
    make_vm_with_points(1, name="only-a-vm")

    way = read(client, "/replicas/?q=only-a-vm").link(text="1 VM on a replica matches “only-a-vm”: see the VMs")

    assert read(client, way).total == 1


@pytest.mark.parametrize("name", ["web\ufffd", "C:\\temp\\new", "\\.", "\\N", "a\tb", "two\nlines", "<b>&amp;"])
def test_an_odd_name_is_shown_and_found_as_it_is(name, signed_in):
    client = signed_in()
    vm = make_vm(name=name, point_count=1)
    make_vm(point_count=1)

    page = read(client, f"/vms/?q={quote(name)}")

    assert [row.attrs["data-vm"] for row in page.rows("vm")] == [str(vm.pk)]
    assert page.select("td.stay a")[0]["title"] == name
    assert read(client, vm.get_absolute_url()).select("h1")[0].text == name
