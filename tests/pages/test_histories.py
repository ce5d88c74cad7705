"""The newest changes of one thing, on its own page."""

import pytest
from django.utils import timezone

from replicas_app.choices import EventKind
from replicas_app.filters import events
from tests.factories import make_event, make_point, make_replica, make_server
from tests.pages.activity_pages import HOUR, NOON, make_day, told
from tests.pages.reading import read

pytestmark = pytest.mark.django_db


def test_a_point_a_vm_a_replica_and_a_server_know_their_own_events_and_lead_to_exactly_those(signed_in):
    client, point = signed_in(), make_day()["infected"].point

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
