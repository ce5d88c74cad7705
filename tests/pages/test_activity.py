"""The list of what the reads saw change: the sentence, the links and the moment of each row."""

import pytest

from replicas_app.choices import EventKind
from tests.factories import make_event, make_point, make_replica, make_server, make_sync_run, make_vm
from tests.pages.activity_pages import HOUR, NOON, told
from tests.pages.reading import read

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_database_as_often_for_one_row_as_for_three(rows, signed_in, django_assert_num_queries):
    client, server = signed_in(), make_server()
    for _ in range(rows):
        make_event(make_point(make_vm(make_replica(server))), EventKind.MALWARE, "Clean", "Infected")

    with django_assert_num_queries(8):
        page = read(client, "/activity/")

    assert len(page.rows("event")) == rows


def test_each_kind_of_event_is_a_sentence_of_an_operator_and_the_newest_stands_first(signed_in):
    replica = make_replica(make_server("vbr-oslo"), "tier 3")
    vm = make_vm(replica, "erp-db-01", first_seen_at=NOON)
    point = make_point(vm, created_at=NOON)
    seen = {"at": NOON + HOUR}
    make_event(replica, EventKind.APPEARED, new="Ready", at=NOON)
    make_event(replica, EventKind.APPEARED, at=NOON)
    make_event(vm, EventKind.FIRST_POINT, new="2026-11-24T11:30:00.000000+00:00", at=NOON)
    make_event(replica, EventKind.STATE, "Ready", "FailedFailover", **seen)
    make_event(point, EventKind.STATE, "", "Levitating", **seen)
    make_event(point, EventKind.MALWARE, "Clean", "Infected", **seen)
    make_event(point, EventKind.MALWARE, "Infected", "", **seen)
    make_event(point, EventKind.REAPPEARED, "2025-11-25T12:30:00.000000+00:00", **seen)
    make_event(vm, EventKind.LAST_POINT, "2026-11-25T12:00:00.000000+00:00", **seen)
    make_event(vm, EventKind.FIRST_POINT, new="2026-11-25T12:00:00.000000+00:00", **seen)
    make_event(replica, EventKind.REMOVED, "Failover", **seen)
    make_event(replica, EventKind.REAPPEARED, new="Ready", **seen)

    page = read(signed_in(), "/activity/")

    assert told(page) == [
        "tier 3 is back, Ready",
        "tier 3 is gone, last seen as Failover",
        "erp-db-01 on tier 3 has restore points again, created 12:00",
        "erp-db-01 on tier 3 lost its last restore point, created 12:00",
        "erp-db-01 on tier 3 : point of 12:00 is back, gone since 25 Nov 2025, 12:30",
        "erp-db-01 on tier 3 : point of 12:00 turned from Infected to Not scanned",
        "erp-db-01 on tier 3 : point of 12:00 turned from Clean to Infected",
        "erp-db-01 on tier 3 : point of 12:00 turned from no state to Levitating",
        "tier 3 turned from Ready to Failed failover",
        "erp-db-01 on tier 3 has its first restore point, created 24 Nov, 11:30",
        "tier 3 appeared",
        "tier 3 appeared, Ready",
    ]


def test_a_row_leads_to_its_vm_its_replica_its_point_its_read_and_its_server(signed_in):
    point = make_point(make_vm(name="erp"))
    run = make_sync_run(point.server)
    event = make_event(point, EventKind.MALWARE, "Clean", "Infected", run=run, at=NOON)

    page = read(signed_in(), "/activity/")

    [row] = page.rows("event")
    links = [tag["href"] for tag in page.select("tr[data-event] a")]
    assert row.attrs["data-event"] == str(event.pk)
    assert page.attribute("tr[data-event] time", "datetime") == "2026-11-25T12:00:00+00:00"
    assert page.attribute("tr[data-event] .pill", "data-status") == "critical"
    assert links == [
        run.get_absolute_url(),
        point.vm.get_absolute_url(),
        point.replica.get_absolute_url(),
        point.get_absolute_url(),
        point.server.get_absolute_url(),
    ]


def test_the_moment_of_a_read_stands_out_once_and_is_quiet_where_it_is_repeated(signed_in):
    replica = make_replica()
    first, second = make_sync_run(replica.server), make_sync_run(replica.server)
    for run in (first, first, second):
        make_event(replica, EventKind.STATE, "Ready", "Failover", run=run, at=run.ended_at)

    page = read(signed_in(), "/activity/")

    assert ["again" in cell["class"] for cell in page.select("tr[data-event] td.stay")] == [False, False, True]


def test_where_nothing_has_changed_yet_the_list_says_what_will_stand_there(signed_in):
    client = signed_in()
    without_server = read(client, "/activity/")
    make_server()

    assert without_server.text(".blank strong") == "No server yet"
    assert read(client, "/activity/").text(".blank strong") == "Nothing has changed yet"
    assert read(client, "/activity/?q=x").text(".blank strong") == "Nothing matches"
    assert read(client, "/activity/?page=7").text(".blank strong") == "Page 7 is past the end"


def test_the_list_says_how_old_it_is_and_that_all_history_is_kept(signed_in, settings):
    settings.EVENTS_KEPT_DAYS, settings.VANISHED_KEPT_DAYS = 400, 0
    make_event(make_replica(), EventKind.APPEARED)

    page = read(signed_in(), "/activity/")

    assert page.attribute("#foot [data-age]", "data-age") != ""
    assert page.text("#kept") == (
        "All history is kept so far. Changes are kept for 400 days, and what the servers no longer list for ever."
    )


def test_activity_stands_in_the_bar(signed_in):
    page = read(signed_in(), "/activity/")

    assert page.text(".places a[aria-current]") == "Activity"
