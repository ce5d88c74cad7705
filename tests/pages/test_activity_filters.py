"""What narrows the list of changes, and what it says of what is asked for."""

from datetime import timedelta

import pytest

from replicas_app.choices import EventKind
from replicas_app.models import Event
from tests.factories import make_event, make_replica, make_sync_run
from tests.pages.activity_pages import NOON, make_day
from tests.pages.reading import PART, Reading, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def day() -> dict[str, Event]:
    return make_day()


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


def test_an_htmx_request_answers_with_the_list_alone(day, signed_in):
    client = signed_in()

    part = client.get("/activity/?kind=malware", headers=PART)

    assert "<html" not in part.text
    assert len(Reading(part).rows("event")) == 3
    assert part["HX-Push-Url"] == "/activity/?kind=malware"
    assert "HX-Request" in part["Vary"]
