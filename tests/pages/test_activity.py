"""The list of what the reads saw change, and the newest changes of one thing on its own page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from replicas_app.choices import EventKind
from replicas_app.filters import events
from replicas_app.models import Event
from tests.factories import make_event, make_point, make_replica, make_server, make_sync_run, make_vm
from tests.pages.reading import PART, Reading, read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(page: Reading) -> list[str]:
    """The sentences of the list, as they stand."""
    return [row.cells[1] for row in page.rows("event")]


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


@pytest.fixture
def day() -> dict[str, Event]:
    """What happened on two servers, by a name of its own; each an hour after the one before."""
    oslo, bergen = make_server("vbr-oslo"), make_server("vbr-bergen")
    tier = make_replica(oslo, "tier 1")
    edge = make_replica(bergen, "edge", state="Failover")
    point = make_point(make_vm(tier, "erp-db"))
    story = {
        "came": (tier, EventKind.APPEARED, "", "Ready"),
        "first": (point.vm, EventKind.FIRST_POINT, "", ""),
        "infected": (point, EventKind.MALWARE, "Clean", "Infected"),
        "cleaned": (point, EventKind.MALWARE, "infected", "Clean"),
        "scanned": (point, EventKind.MALWARE, "", "Clean"),
        "point over": (point, EventKind.STATE, "Ready", "Failover"),
        "over": (edge, EventKind.STATE, "Ready", "Failover"),
        "gone": (edge, EventKind.REMOVED, "Failover", ""),
    }
    moments = (NOON + HOUR * number for number in range(len(story)))
    return {
        name: make_event(thing, kind, old, new, at=next(moments)) for name, (thing, kind, old, new) in story.items()
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("kind=malware", "scanned cleaned infected"),
        ("kind=malware&kind=removed", "gone scanned cleaned infected"),
        ("about=replica", "gone over came"),
        ("about=vm&about=replica", "gone over first came"),
        ("about=point", "point-over scanned cleaned infected"),
        ("malware=Infected", "cleaned infected"),
        ("malware=NotScanned", "scanned"),
        ("malware=Clean&malware=Infected", "scanned cleaned infected"),
        ("state=Failover", "gone over point-over"),
        ("state=ready&about=replica", "over came"),
        ("state=none", ""),
        ("q=ERP*", "point-over scanned cleaned infected first"),
        ("q=edge", "gone over"),
        ("q=nothing", ""),
        ("created_after=2026-11-25T18:00", "gone over"),
        ("created_before=2026-11-25T13:00:00Z", "first came"),
        (
            "created_after=0001-01-01&created_before=9999-12-31",
            "gone over point-over scanned cleaned infected first came",
        ),
        ("sort=created&about=replica", "came over gone"),
    ],
)
def test_the_list_is_narrowed_by(query, names, day, signed_in):
    page = read(signed_in(), f"/activity/?{query}")

    found = {str(event.pk): name.replace(" ", "-") for name, event in day.items()}
    assert [found[row.attrs["data-event"]] for row in page.rows("event")] == names.split()
    assert page.total == len(names.split())


def test_the_list_is_narrowed_by_server_replica_vm_point_and_read(day, signed_in):
    client, event = signed_in(), day["infected"]
    Event.objects.filter(pk=event.pk).update(run=make_sync_run(event.server))
    event.refresh_from_db()
    asked = {
        "server": (event.server_id, 6),
        "replica": (event.replica.uuid, 6),
        "vm": (event.vm_id, 5),
        "point": (event.point.uuid, 4),
        "run": (event.run_id, 1),
    }

    totals = {name: read(client, f"/activity/?{name}={value}").total for name, (value, _) in asked.items()}

    assert totals == {name: total for name, (_, total) in asked.items()}


def test_events_of_servers_that_were_merged_at_the_same_time_are_found_by_their_moment_all_the_same(signed_in):
    replica = make_replica()
    for minutes in (5, 0, 180, 90, 95):
        make_event(replica, EventKind.STATE, str(minutes), "Ready", at=NOON + timedelta(minutes=minutes))
    client = signed_in()

    early = read(client, "/activity/?created_before=2026-11-25T12:03")
    late = read(client, "/activity/?created_after=2026-11-25T13:31")

    assert [row.cells[1].split()[-3] for row in early.rows("event")] == ["0"]
    assert [row.cells[1].split()[-3] for row in late.rows("event")] == ["95", "180"]


def test_the_ticks_count_by_kind_thing_and_server_and_offer_every_value_of_a_change(day, signed_in):
    page = read(signed_in(), "/activity/?kind=malware&kind=state")

    counts = {tag["id"]: tag.find_parent("label").select_one(".n").text for tag in page.select("#facets input")}
    assert {name: counts[f"kind-{name}"] for name in ("malware", "state", "appeared", "removed", "first_point")} == {
        "malware": "3", "state": "2", "appeared": "1", "removed": "1", "first_point": "1",
    }  # fmt: skip
    assert (counts["about-point"], counts["about-replica"]) == ("4", "1")
    assert (counts["malware-Infected"], counts["state-Failover"]) == ("", "")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("kind=exploded", "“exploded” is not among malware, state"),
        ("about=disk", "“disk” is not among replica, vm, point."),
        ("run=0", "“0” is not a number from 1 on."),
        ("run=77", "Nothing is known by “77”."),
        ("point=x", "“x” is not an id"),
        ("point=00000000-0000-4000-8000-000000000001", "Nothing is known by"),
        ("removed=1", "This list cannot be narrowed by it"),
        ("type=CDP", "This list cannot be narrowed by it"),
        ("created_after=yesterday", "“yesterday” is not a date and time"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_and_the_rest_still_works(query, words, day, signed_in):
    page = read(signed_in(), f"/activity/?{query}")

    assert words in page.text(".complaints")


def test_chips_name_what_is_asked_for_by_number_or_id(day, signed_in):
    event = day["infected"]
    run = make_sync_run(event.server, started_at=NOON)

    page = read(signed_in(), f"/activity/?run={run.pk}&point={event.point.uuid}&vm={event.vm_id}&kind=malware")

    chips = [" ".join(tag.text.split()) for tag in page.select(".chip")]
    created = f"{event.point.created_at:%-d %b %Y, %H:%M} UTC"
    assert chips == [
        "what happened Malware status",
        "vm erp-db",
        f"restore point erp-db, {created}",
        "read of vbr-oslo, 25 Nov 2026, 12:00 UTC",
    ]


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


def test_an_htmx_request_answers_with_the_list_alone(day, signed_in):
    client = signed_in()

    part = client.get("/activity/?kind=malware", headers=PART)

    assert "<html" not in part.text
    assert len(Reading(part).rows("event")) == 3
    assert part["HX-Push-Url"] == "/activity/?kind=malware"
    assert "HX-Request" in part["Vary"]


def test_activity_stands_in_the_bar(signed_in):
    page = read(signed_in(), "/activity/")

    assert page.text(".places a[aria-current]") == "Activity"


def test_a_point_a_vm_a_replica_and_a_server_know_their_own_events_and_lead_to_exactly_those(day, signed_in):
    client, point = signed_in(), day["infected"].point

    for thing, count in ((point, 4), (point.vm, 5), (point.replica, 6), (point.server, 6)):
        history = events.history_of(thing)

        assert len(history.events) == count
        assert not history.has_more
        assert [str(event.pk) for event in history.events] == [
            row.attrs["data-event"] for row in read(client, history.href).rows("event")
        ]


def test_the_newest_events_of_a_thing_are_few_and_the_others_are_a_link_away(signed_in, monkeypatch):
    monkeypatch.setattr(events, "SHOWN_OF_ONE_THING", 2)
    replica = make_replica()
    for number in range(3):
        make_event(replica, EventKind.STATE, str(number), "Ready")

    page = read(signed_in(), replica.get_absolute_url())

    assert [row.cells[1].split()[-3] for row in page.rows("event")] == ["2", "1"]
    assert read(signed_in(), page.link(text="All changes")).total == 3


def test_the_page_of_a_point_tells_what_happened_to_it(signed_in):
    client, point = signed_in(), make_point()
    quiet = read(client, point.get_absolute_url())
    make_event(point, EventKind.MALWARE, "Clean", "Suspicious", at=timezone.now())

    page = read(client, point.get_absolute_url())

    assert "Nothing has changed since it was first seen." in quiet.text("#history")
    assert told(page)[0].endswith("turned from Clean to Suspicious")


def test_the_page_of_a_server_tells_from_when_on_its_history_is_kept(signed_in):
    server = make_server(history_from=NOON)
    make_server(history_from=NOON + HOUR)

    page = read(signed_in(), server.get_absolute_url())

    assert page.text("#kept").startswith("History is kept from 25 Nov 2026, 12:00 UTC on.")
