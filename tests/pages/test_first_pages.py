"""The first pages of points in orders of few values: read stretch by stretch, with the rows that sorting finds."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from replicas_app.filters import PointFilters, stretches
from replicas_app.models import BackupServer, RestorePoint
from tests.factories import make_point, make_replica, make_server, make_vm
from tests.pages.reading import read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
STATES = ("Ready", "Ready", "Failover", "", "ReadyToSwitch", "Ready", "somethingNew")
MALWARE = ("Clean", "Infected", "Clean", "", "Suspicious", "Clean", "Another", "Clean")
ORDERS = [f"sort={way}{name}" for name in ("state", "malware", "server") for way in ("", "-")]


@pytest.fixture(autouse=True)
def every_list_is_long(monkeypatch):
    monkeypatch.setattr(stretches, "LONG", -1)


@pytest.fixture
def servers(db) -> list[BackupServer]:
    """Three, by name, the second without a point, with 53 points in all."""
    servers = [make_server(name, data_version=1) for name in ("vbr-bergen", "vbr-lima", "vbr-oslo")]
    for number in range(53):
        vm = make_vm(make_replica(servers[number % 3 // 2 * 2]))
        moment = NOON - timedelta(minutes=number % 9)
        make_point(vm, created_at=moment, state=STATES[number % 7], malware=MALWARE[number % 8])
    make_point(vm, removed_at=NOON)
    return servers


def filters_of(query: str, servers: list[BackupServer]) -> PointFilters:
    return PointFilters(QueryDict(query), path="/restore-points/", servers=servers)


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_read_in_stretches_is_what_sorting_finds(order, servers):
    filters = filters_of(order, servers)
    points = filters.sorted(filters.apply(RestorePoint.objects.all()))
    expected = list(points.values_list("pk", flat=True))

    found = {start: filters.way.keys(points, start, start + 9) for start in range(len(expected) + 2)}

    assert found == {start: expected[start : start + 9] for start in found}


@pytest.mark.parametrize("order", ORDERS)
def test_every_page_of_the_list_has_its_rows(order, servers, signed_in):
    client, filters = signed_in(), filters_of(order, servers)
    expected = filters.sorted(filters.apply(RestorePoint.objects.all()))

    met = []
    for page in (1, 2, 3):
        rows = read(client, f"/restore-points/?{order}&per_page=25&page={page}").rows("point")
        met += [row.attrs["data-point"] for row in rows]

    assert met == [str(point.uuid) for point in expected]


def test_of_the_servers_that_are_asked_for_only_those_are_read(servers):
    filters = filters_of(f"sort=server&server={servers[2].pk}", servers)
    points = filters.sorted(filters.apply(RestorePoint.objects.all()))

    assert filters.way.keys(points, 0, 100) == list(points.values_list("pk", flat=True))


@pytest.mark.parametrize("query", ["sort=state&malware=Infected", "sort=platform", "sort=server&removed=1"])
def test_what_narrows_the_points_otherwise_leaves_too_few_for_stretches(query, servers):
    assert filters_of(query, servers).way is None


@pytest.mark.parametrize(
    ("start", "total", "leads"), [(0, None, True), (950, None, True), (1000, None, False), (0, 50_000, False)]
)
def test_only_the_first_pages_of_long_lists_are_read_so(start, total, leads, servers, monkeypatch):
    monkeypatch.undo()

    assert filters_of("sort=state", servers).way.leads_to(start, total) is leads
