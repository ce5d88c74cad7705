"""The list of events is answered by indexes, whatever it is narrowed by: no page reads all of them."""

import re

import pytest
from django.db import connection
from django.http import QueryDict

from replicas_app.filters.events import EventFilters
from replicas_app.models import BackupServer, Event
from tests.factories import make_point, make_replica, make_server, make_vm

pytestmark = pytest.mark.django_db

MANY = """
INSERT INTO event (server_id, replica_id, vm_id, point_id, kind, at, old, new)
SELECT %(server)s, %(replica)s, %(vm)s, CASE WHEN n %% 3 > 0 THEN %(point)s::bigint END,
       (ARRAY['first_point', 'malware', 'state'])[n %% 3 + 1], now() - n * interval '1 minute',
       (ARRAY['', 'Clean', 'Ready'])[n %% 3 + 1], (ARRAY['', 'Informative', 'Processing'])[n %% 3 + 1]
FROM generate_series(1, 30000) n
"""


@pytest.fixture
def many_events() -> dict[str, object]:
    """Thirty thousand of one point, its VM and its replica, and another replica without any."""
    point = make_point(make_vm(make_replica(make_server("busy")), "vm-busy"))
    quiet = make_point(make_vm(make_replica(make_server("quiet"), "calm"), "vm-quiet"))
    keys = {"server": point.server_id, "replica": point.replica_id, "vm": point.vm_id, "point": point.pk}
    with connection.cursor() as cursor:
        cursor.execute(MANY, keys)
        cursor.execute("ANALYZE event")
    return {"server": quiet.server_id, "vm": quiet.vm_id, "replica": quiet.replica.uuid, "point": quiet.uuid}


ANSWERED_BY = {
    "": "event_pkey",
    "sort=created": "event_pkey",
    "server={server}": "events_of_server",
    "replica={replica}": "events_of_replica",
    "vm={vm}": "events_of_vm",
    "point={point}": "events_of_point",
    "q=calm": "events_of_replica",
    "kind=removed": "events_of_kind",
    "about=replica": "events_of_replicas",
    "malware=Infected": "events_to_rare",
    "malware=Suspicious&malware=Infected": "events_to_rare",
    "state=Failback": "events_to_rare",
    "created_before=2000-01-01": "events_by_time",
    "created_after=2099-01-01": "events_by_time",
}
"""Query string → the index without which its rare rows would be looked for among all."""


def test_a_page_of_events_is_found_by_the_index_that_is_made_for_it(many_events):
    plans = {query: plan_of(query.format(**many_events)) for query in ANSWERED_BY}

    missing = {
        query: plans[query] for query, index in ANSWERED_BY.items() if not re.search(rf"\b{index}\b", plans[query])
    }
    assert missing == {}
    assert {query for query, plan in plans.items() if "Seq Scan on event" in plan} == set()


def plan_of(query: str) -> str:
    filters = EventFilters(QueryDict(query), path="/activity/", servers=BackupServer.objects.by_name())
    assert filters.complaints == []
    return filters.sorted(filters.apply(Event.objects.all())).values_list("pk")[:51].explain()
