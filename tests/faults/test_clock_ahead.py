"""A clock of ours that jumped ahead: what is no older than before is not dropped for it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import retention
from replicas_app.choices import EventKind
from replicas_app.models import Event
from tests.factories import make_event, make_replica, make_server

pytestmark = pytest.mark.django_db
A_YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("skew", "kept"), [(-A_YEAR.total_seconds(), 1), (-3600, 0), (None, 0), (A_YEAR.total_seconds(), 0)]
)
def test_history_is_not_dropped_by_a_clock_that_a_server_says_is_days_ahead(settings, skew, kept):
    settings.EVENTS_KEPT_DAYS = 300
    server, now = make_server(clock_skew_seconds=skew), timezone.now() + A_YEAR
    make_event(make_replica(server), EventKind.STATE)

    due = retention.due(now)
    retention.drop(server.pk, now)

    assert (due, Event.objects.count()) == ([] if kept else [server.pk], kept)
