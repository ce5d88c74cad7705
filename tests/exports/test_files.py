"""What a file holds: the rows of the list as it stands, all of them, in its order, in the values of the API."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from replicas_app.choices import EventKind, RescanState
from replicas_app.models import Event
from tests.factories import make_person, make_point, make_replica, make_rescan, make_server, make_vm
from tests.pages.reading import read

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 25, 12, 0, 0, 250_000, tzinfo=UTC)
DANGEROUS = ("=1+1", "+41-dc", "-web01", "@sum", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "'quoted")
HONEST = (
    'web";=1+1',
    "web,=1+1",
    "Zürich-ÄÖ",
    "1E5",
    "00123",
    "MAR1",
    "3-4",
    'a;b,"c"\nd',
    "C:\\temp\\new",
    "\\.",
    "\\N",
)


def test_a_replica_is_a_line_with_the_values_of_the_api_and_times_in_utc(table):
    replica = make_replica(
        make_server("vbr-oslo"),
        "tier 1",
        state="FailedFailover",
        type="Regular",
        platform="HyperV",
        job_id="J-1",
        platform_id="P-1",
        policy_id="gold",
        created_at=NOON,
        worst_malware="",
        vm_count=2,
        point_count=31,
        newest_point_at=NOON - timedelta(hours=1),
    )

    (row,) = table("/replicas/?export=csv")

    assert row == {
        "name": "tier 1",
        "state": "FailedFailover",
        "malware": "NotScanned",
        "vms": "2",
        "points": "31",
        "newest_point_at": "2026-11-25T11:00:00.25+00:00",
        "server": "vbr-oslo",
        "created_at": "2026-11-25T12:00:00.25+00:00",
        "type": "Regular",
        "platform": "HyperV",
        "job_id": "J-1",
        "policy_id": "gold",
        "platform_id": "P-1",
        "replica_id": str(replica.uuid),
        "removed_at": "",
    }


def test_a_restore_point_is_a_line_too_and_json_keeps_what_a_cell_cannot(table, objects):
    vm = make_vm(make_replica(make_server("vbr-oslo"), "tier 1"), "web-01")
    point = make_point(vm, created_at=NOON, malware="Infected", operations=["StartFlrRestore", "StartDiskPublish"])

    (row,), (whole,) = table("/restore-points/?export=csv"), objects("/restore-points/?export=json")

    assert (row["vm"], row["replica"], row["server"]) == ("web-01", "tier 1", "vbr-oslo")
    assert (row["malware"], row["point_id"]) == ("Infected", str(point.uuid))
    assert row["operations"] == "StartFlrRestore StartDiskPublish"
    assert whole["operations"] == ["StartFlrRestore", "StartDiskPublish"]
    assert whole["created_at"] == row["created_at"] == "2026-11-25T12:00:00.25+00:00"
    assert (whole["removed_at"], row["removed_at"]) == (None, "")
    assert list(row) == list(whole)


def test_a_rescan_is_a_line_with_who_asked_and_what_came_of_it(table):
    replica = make_replica(make_server("vbr-oslo"), "tier 1")
    anna = make_person("anna")
    make_rescan(
        replica, state=RescanState.FAILED, asked_by=anna, reason="night", message="-1: no route", result="Failed"
    )
    make_rescan(replica, state=RescanState.SUCCEEDED)

    shell, hers = table("/rescans/?export=csv")

    assert (hers["first_replica"], hers["replicas"], hers["server"]) == ("tier 1", "1", "vbr-oslo")
    assert (hers["asked_by"], hers["state"], hers["reason"], hers["message"]) == (
        "anna",
        "failed",
        "night",
        "'-1: no route",
    )
    assert (shell["asked_by"], shell["state"]) == ("", "succeeded")


def test_a_vm_is_a_line_with_its_newest_and_its_newest_clean_point(table, objects):
    vm = make_vm(
        make_replica(make_server("vbr-oslo"), "tier 1", job_id="J-1"),
        "web-01",
        point_count=2,
        newest_point_at=NOON,
        newest_clean_at=NOON - timedelta(days=1),
        newest_malware="",
        worst_malware="Infected",
        newest_state="Ready",
    )

    (row,), (whole,) = table("/vms/?export=csv"), objects("/vms/?export=json")

    assert (row["name"], row["replica"], row["server"], row["job_id"]) == ("web-01", "tier 1", "vbr-oslo", "J-1")
    assert (row["newest_point_at"], row["newest_clean_at"]) == (
        "2026-11-25T12:00:00.25+00:00",
        "2026-11-24T12:00:00.25+00:00",
    )
    assert (row["newest_malware"], row["worst_malware"], row["points"]) == ("NotScanned", "Infected", "2")
    assert (whole["vm"], whole["replica_id"], whole["points"]) == (vm.pk, str(vm.replica.uuid), 2)


def test_a_change_is_a_line_with_both_of_its_sides(table, objects):
    vm = make_vm(make_replica(name="tier 1"), "web-01")
    event = {"server": vm.server, "replica": vm.replica, "vm": vm, "point": make_point(vm), "at": NOON}
    Event.objects.create(kind=EventKind.MALWARE, old="", new="Infected", **event)

    (row,), (whole,) = table("/activity/?export=csv"), objects("/activity/?export=json")

    assert (row["what"], row["of"], row["vm"]) == ("malware", "point", "web-01")
    assert (row["old"], row["new"]) == (whole["old"], whole["new"]) == ("NotScanned", "Infected")


def test_a_file_has_all_pages_of_the_list_in_its_order_and_nothing_that_it_does_not_show(table):
    server = make_server()
    for number in range(60):
        make_replica(server, f"vm{number}", state="Failover" if number % 2 else "Ready")
    make_replica(server, "gone", state="Failover", removed_at=NOON)

    rows = table("/replicas/?state=Failover&sort=-name&page=2&per_page=25&export=csv")

    assert [row["name"] for row in rows] == [f"vm{number}" for number in range(59, 0, -2)]


def test_removed_rows_come_when_they_are_shown_and_say_since_when(table):
    make_replica(name="gone", removed_at=NOON)

    assert table("/replicas/?export=csv") == []
    assert [row["removed_at"] for row in table("/replicas/?removed=1&export=csv")] == ["2026-11-25T12:00:00.25+00:00"]


def test_the_points_of_one_replica_are_exported_from_its_page(client, table):
    replica = make_replica(name="tier 1")
    make_point(make_vm(replica, "mine"))
    make_point()

    response = client.get(f"{replica.get_absolute_url()}?export=csv")

    assert [row["vm"] for row in table(f"{replica.get_absolute_url()}?export=csv")] == ["mine"]
    assert f'filename="replica-{replica.pk}-restore-points-' in response.headers["Content-Disposition"]


def test_a_list_without_a_row_makes_a_file_with_its_heads(download, objects):
    make_server()

    assert download("/replicas/?export=csv").decode("utf-8-sig").splitlines()[0].startswith("name,state,malware")
    assert objects("/replicas/?q=nobody&export=json") == []


def test_the_name_of_the_file_says_list_and_moment_and_its_zone(client):
    response = client.get("/restore-points/?export=json")

    disposition = response.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="restore-points-\d{4}-\d\d-\d\dT\d{6}Z\.json"', disposition)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_no_cell_begins_as_a_formula_does_and_one_apostrophe_less_is_what_it_was(table, objects):
    server = make_server("=cmd|' /C calc'!A0")
    for name in (*DANGEROUS, *HONEST):
        make_replica(server, name, job_id=name, state=name)

    cells = {row["replica_id"]: row for row in table("/replicas/?export=csv")}
    texts = {row["replica_id"]: row for row in objects("/replicas/?export=json")}

    assert {text["name"] for text in texts.values()} == {*DANGEROUS, *HONEST}
    for id, text in texts.items():
        for head in ("name", "job_id", "state", "server"):
            cell = cells[id][head]
            assert not cell.startswith(tuple("=+-@＝＋－＠\t\r\n"))
            assert cell.removeprefix("'") == text[head]
            assert cell.startswith("'") == text[head].startswith(tuple("=+-@＝＋－＠\t\r\n'"))


def test_a_spreadsheet_is_told_that_the_file_is_unicode(download):
    make_replica(name="Zürich-ÄÖ")

    assert download("/replicas/?export=csv").startswith(b"\xef\xbb\xbfname,")
    assert "Zürich-ÄÖ".encode() in download("/replicas/?export=csv")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("created_after=yesterday", "“yesterday” is not a date and time"),
        ("server=abc", "“abc” is not a number"),
        ("server=abc&server=1", "“abc” is not a number"),
        ("sever=1", "cannot be narrowed by it"),
        ("rpo=late", "RPO is not judged yet"),
        ("page=-1", "is not the number of a page"),
        ("q=%00", "has a character in it that no text can have"),
    ],
)
@pytest.mark.parametrize("format", ["csv", "json"])
def test_with_a_value_that_cannot_be_used_nothing_is_exported(client, query, words, format):
    make_replica()

    page = read(client, f"/replicas/?{query}&export={format}", status=400)

    assert "Nothing was exported." in page.text(".notice")
    assert words in page.text(".complaints")
    assert "export" not in page.link(text="Take it out")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("export=xlsx", "“xlsx” is not among csv, json."),
        ("export=CSV", "“CSV” is not among csv, json."),
        ("export=csv&export=json", "It can be given once"),
        ("export=%00", "has a character in it that no text can have"),
    ],
)
@pytest.mark.parametrize("list", ["replicas", "restore-points", "rescans"])
def test_a_format_that_there_is_not_is_refused(client, list, query, words):
    page = read(client, f"/{list}/?{query}", status=400)

    assert words in page.text(".complaints")


@pytest.mark.parametrize("query", ["export=", "export=%20"])
def test_a_blank_wish_for_a_file_is_none(client, query):
    assert read(client, f"/replicas/?{query}").total == 0


def test_head_learns_of_the_file_without_its_being_made(client, django_assert_num_queries):
    make_replica()

    with django_assert_num_queries(3):
        response = client.head("/replicas/?export=csv")

    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.content == b""


def test_who_is_signed_out_gets_no_file(transactional_db):
    assert Client().get("/replicas/?export=csv").status_code == 302


def test_the_menu_says_how_many_rows_would_come_and_leads_to_exactly_those(client, table):
    server = make_server()
    for number in range(30):
        make_replica(server, f"vm{number}", state="Failover" if number < 27 else "Ready")

    page = read(client, "/replicas/?state=Failover&per_page=25&page=2")

    assert page.text("#files p") == "27 replicas of this list, not only this page, in this order"
    assert page.link(text="CSV, for spreadsheets") == "/replicas/?state=Failover&export=csv"
    assert len(table(page.link(text="CSV, for spreadsheets"))) == 27


def test_the_menu_offers_no_file_that_would_be_refused(client):
    page = read(client, "/replicas/?server=abc")

    assert "cannot be used" in page.text("#files")
    assert page.select("#files a") == []


def test_the_same_id_on_two_servers_makes_two_lines(table):
    shared = uuid4()
    make_replica(make_server("oslo"), uuid=shared)
    make_replica(make_server("bergen"), uuid=shared)

    assert {row["server"] for row in table(f"/replicas/?replica={shared}&export=csv")} == {"oslo", "bergen"}
