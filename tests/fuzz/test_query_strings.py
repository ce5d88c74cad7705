"""Invented query strings on every list: no error, nothing unsaid, nothing silently everything, and the right rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replicas_app.choices import EventKind
from replicas_app.exports import FORMATS
from replicas_app.filters import PointFilters, ReplicaFilters
from replicas_app.filters.events import EventFilters
from replicas_app.models import BackupServer, Event, Replica, ReplicaVM, RestorePoint
from tests.deriving import derive
from tests.factories import make_event, make_person, make_point, make_replica, make_rescan, make_server, make_vm
from tests.pages.reading import Reading

pytestmark = [pytest.mark.django_db, pytest.mark.fuzz]
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NAMES = ("sql-01", "SQL-02", "web_1", "100%", "a*b", "Büro", "back\\slash", "“quoted”", "ﬀ-ligature", "İstanbul")
FREE_OF_TIME = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEWER = settings(FREE_OF_TIME, max_examples=settings.default.max_examples // 4)
"""For what opens a connection of its own each time."""

KEYS = [
    "q", "server", "type", "state", "platform", "platform_id", "job", "policy", "created_after", "created_before",
    "malware", "rpo", "replica", "vm", "removed", "sort", "page", "per_page", "columns", "export", "counts", "seen",
    "self", "path", "query", "kind", "about", "point", "run", "first_seen_after", "first_seen_before",
]  # fmt: skip
NARROWING = KEYS[:15]
GOOD = [
    "sql", "sql*", "*-01", "=sql-01", "%", "_", "\\", "a*b", "B", "Ready", "ready", "FAILOVER", "none", "Regular",
    "Snapshot", "CDP", "VMware", "HyperV", "Clean", "Infected", "NotScanned", "NoPoints", "1", "2", "25", "250", "name",
    "-name", "-created", "newest", "J-1", "P-1", "gold", "2026-11-25", "2026-11-25T12:00:00Z",
    "2026-11-20T00:00+02:00", "00000000-0000-0000-0000-000000000000", "csv", "0",
    "removed", "point",
]  # fmt: skip
BAD = [
    "", " ", "*", "**", "=", "-", "--name", "-1", "0", "1e3", "٣", "１", "abc", "4000000", "9" * 20, "9" * 400, "NaN",
    "\x00", "a\x00b", "\ud800", "\uffff", "%", "%%", "%s", "%(x)s", "\\", "\\\\", "'", '"', "';--", "<b>", "{{ q }}",
    "0001-01-01", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "2026-02-30", "x" * 3000, "\n", "a\nb",
    "not-a-uuid", "{" + "0" * 32 + "}", "urn:uuid:00000000-0000-0000-0000-000000000000", "True", "null", "[]", "\u202e",
]  # fmt: skip
values = st.sampled_from(GOOD) | st.sampled_from(BAD) | st.text(max_size=12)
keys = st.sampled_from(KEYS) | st.text(min_size=1, max_size=6)
queries = st.lists(st.tuples(keys, values), max_size=8)
queries_without_export = queries.map(lambda query: [(key, value) for key, value in query if key != "export"])
ways = st.sampled_from(
    [
        {},
        {"HX-Request": "true"},
        {"HX-Request": "true", "HX-Target": "browse"},
        {"HX-Request": "true", "HX-Target": "facets"},
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
    ]
)


@pytest.fixture
def inventory() -> list[Replica]:
    """Replicas of many kinds on two servers, each with points on a VM of its name, CDP ones aside."""
    servers = make_server("oslo"), make_server("bergen", last_error="It is busy.")
    for number, name in enumerate(NAMES):
        is_cdp = number % 5 == 4
        replica = make_replica(
            servers[number % 2],
            name,
            type="CDP" if is_cdp else ("Regular", "Snapshot")[number % 2],
            state="" if is_cdp else ("Ready", "Failover", "Odd")[number % 3],
            created_at=None if is_cdp else NOON - timedelta(days=number),
            platform=("VMware", "HyperV", "")[number % 3],
            platform_id=f"P-{number % 3}",
            job_id=f"J-{number % 4}",
            policy_id="gold" if is_cdp else "",
            removed_at=NOON if number == 7 else None,
        )
        if not is_cdp:
            make_point(make_vm(replica, f"vm {name}"), malware=("Clean", "", "Infected")[number % 3], created_at=NOON)
            make_event(replica, EventKind.STATE, "Ready", replica.state, at=NOON)
    point = RestorePoint.objects.first()
    make_event(point, EventKind.MALWARE, "", point.malware, at=NOON - timedelta(days=1))
    for server in servers:
        derive(server.pk)
    make_rescan(Replica.objects.first(), replica_count=1, state="succeeded", ended_at=NOON)
    return list(Replica.objects.all())


@pytest.fixture
def client(inventory) -> Iterator[Client]:
    client = Client(raise_request_exception=True)
    client.force_login(make_person(role="operator"))
    return client


def encoded(query: list[tuple[str, str]]) -> str:
    """As a browser would send it; lone surrogates as the bytes that they are, which is no UTF-8."""
    return urlencode(query, errors="surrogatepass")


def lists() -> list[str]:
    owners = Replica.objects.first(), ReplicaVM.objects.first()
    named = ("replicas", "vms", "restore-points", "rescans", "activity")
    return [*map(reverse, named), *(owner.get_absolute_url() for owner in owners)]


@FREE_OF_TIME
@given(query=queries, headers=ways, place=st.integers(0, 6))
def test_no_query_string_breaks_a_list(client, query, headers, place):
    response = client.get(f"{lists()[place]}?{encoded(query)}", headers=headers)

    wants_export = any(key == "export" and value.strip() for key, value in query)
    assert response.status_code in ((400, 200) if wants_export else (200, 204))


@FEWER
@given(query=queries, format=st.sampled_from(sorted(FORMATS)), place=st.integers(0, 6))
def test_a_file_is_refused_with_words_or_made_whatever_is_asked_for(client, query, format, place):
    """Its rows are not committed: what is made here is a file without any, by the statement that would give them."""
    asked = [(key, value) for key, value in query if key != "export"]

    response = client.get(f"{lists()[place]}?{encoded([*asked, ('export', format)])}")

    if response.status_code == 200:
        assert response.getvalue().count(b"\n") == 1
    else:
        assert response.status_code == 400
        assert len(Reading(response).select(".complaints li")) > 0


@FREE_OF_TIME
@given(query=queries_without_export, kind=st.sampled_from(["replicas", "vms", "restore-points", "activity"]))
def test_everything_that_is_asked_for_is_shown_as_a_chip_or_told_as_a_mistake(client, query, kind):
    response = client.get(f"/{kind}/?{encoded(query)}")

    page, filters = Reading(response), response.context["filters"]
    accounted = {complaint.name for complaint in filters.complaints} | set(filters.wishes)
    quiet = {"sort", "page", "per_page", "removed", "counts"}
    asked = {key for key in QueryDict(encoded(query)) if any(v.strip() for v in QueryDict(encoded(query)).getlist(key))}
    assert {key for key in asked if key not in quiet} <= accounted
    assert len(page.select(".complaints li")) == len(filters.complaints)
    assert len(page.select(".chip")) == len(filters.chips)


def matches(replica: Replica, filters: ReplicaFilters) -> bool:
    """What the list promises, said once more without SQL."""
    asked = {name: filters.wishes.get(name) for name in filters.conditions}
    created, after, before = replica.created_at, asked["created_after"], asked["created_before"]
    worst = "NoPoints" if replica.worst_malware is None else replica.worst_malware or "NotScanned"
    return all(
        [
            filters.shows_removed or replica.removed_at is None,
            not asked["q"] or any(is_found(parameter, asked["q"]) for parameter in parameters_of(replica)),
            not asked["server"] or replica.server_id in asked["server"],
            not asked["replica"] or replica.uuid in asked["replica"],
            not after or (created is not None and created >= after),
            not before or (created is not None and created <= before),
            is_among(replica.state or "none", asked["state"]),
            is_among(replica.platform or "none", asked["platform"]),
            is_among(replica.type, asked["type"]),
            is_among(worst, asked["malware"]),
            is_among(replica.platform_id, asked["platform_id"]),
            is_among(replica.job_id, asked["job"]),
            is_among(replica.policy_id, asked["policy"]),
        ]
    )


def parameters_of(replica: Replica) -> list[str]:
    ids = (str(replica.uuid), replica.job_id, replica.policy_id, replica.platform_id)
    return [part.casefold() for part in (*ids, replica.name, replica.type, replica.platform, replica.state) if part]


def is_found(parameter: str, query: str) -> bool:
    pattern = " ".join(query.casefold().split("\n"))
    if pattern.startswith("=") and len(pattern) > 1:
        return parameter == pattern[1:]
    text = pattern.removeprefix("*").removesuffix("*")
    if pattern.startswith("*") == pattern.endswith("*"):
        return text in parameter
    return parameter.startswith(text) if pattern.endswith("*") else parameter.endswith(text)


def is_among(value: str, asked: tuple[str, ...] | None) -> bool:
    return not asked or meaning(value) in map(meaning, asked)


def meaning(value: str) -> str:
    """Regular and Snapshot are the same; case does not matter."""
    return value.casefold().replace("regular", "snapshot")


@FREE_OF_TIME
@given(query=st.lists(st.tuples(st.sampled_from([key for key in NARROWING if key != "vm"]), values), max_size=4))
def test_the_rows_are_those_that_python_finds(inventory, query):
    filters = ReplicaFilters(QueryDict(encoded(query)), path="/", servers=BackupServer.objects.all())

    found = set(filters.apply(Replica.objects.all()))

    assert found == {replica for replica in inventory if matches(replica, filters)}
    assert filters.counts_of(Replica.objects.all()).total == len(found)


@FREE_OF_TIME
@given(query=st.lists(st.tuples(st.sampled_from(NARROWING), values), max_size=4))
def test_the_total_of_points_is_the_number_of_rows_and_each_facet_keeps_its_word(inventory, query):
    filters = PointFilters(QueryDict(encoded(query)), path="/", servers=BackupServer.objects.all())
    points = RestorePoint.objects.all()

    counts = filters.counts_of(points)

    assert counts.total == filters.apply(points).count()
    for facet in filters.facets_of(counts):
        alone = filters.apply(points, leave_out=[facet.name]).count()
        assert sum(choice.count for choice in facet.choices) == alone


OF_EVENTS = ["kind", "about", "malware", "state", "server", "replica", "vm", "q", "created_after", "created_before"]


@FREE_OF_TIME
@given(query=st.lists(st.tuples(st.sampled_from(OF_EVENTS), values), max_size=4))
def test_the_total_of_events_is_the_number_of_rows_and_a_facet_counts_them_without_its_own_choice(inventory, query):
    filters = EventFilters(QueryDict(encoded(query)), path="/", servers=BackupServer.objects.all())
    events = Event.objects.with_about()

    counts = filters.counts_of(events)

    assert counts.total == filters.apply(events).count()
    for name in filters.facets:
        assert sum(counts.of(name).values()) == filters.apply(events, leave_out=[name]).count()
