"""Points in the order of names: far down the list it is reckoned where a page lies, with the rows that a walk finds."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from replicas_app.filters import PointFilters, owners, pages
from replicas_app.models import BackupServer, RestorePoint
from tests.deriving import derive
from tests.factories import make_point, make_replica, make_server, make_vm
from tests.pages.reading import read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ORDERS = ("sort=name", "sort=-name", "sort=replica", "sort=-replica")


@pytest.fixture(autouse=True)
def everything_is_far(monkeypatch):
    monkeypatch.setattr(owners, "FAR", -1)
    monkeypatch.setattr(pages, "BLOCK", 4)


@pytest.fixture
def servers(db) -> list[BackupServer]:
    """Two, with 57 points on VMs and replicas of which some have the same name; three have none."""
    servers = [make_server(name, data_version=1) for name in ("vbr-oslo", "vbr-bergen")]
    for number in range(12):
        vm = make_vm(make_replica(servers[number % 2], f"tier {number // 5}"), f"vm {number % 7}")
        for hour in range(number % 4 * 3 + 1 if number % 4 else 0):
            make_point(vm, created_at=NOON - timedelta(hours=hour, minutes=number % 3))
        make_point(vm, removed_at=NOON)
    for server in servers:
        derive(server.pk)
    return servers


def filters_of(query: str, servers: list[BackupServer]) -> PointFilters:
    return PointFilters(QueryDict(query), path="/restore-points/", servers=servers)


def walked(filters: PointFilters) -> list[int]:
    return list(filters.sorted(filters.apply(RestorePoint.objects.all())).values_list("pk", flat=True))


@pytest.mark.parametrize("more", ["", "&server={0.pk}", "&server={1.pk}&server={0.pk}"])
@pytest.mark.parametrize("order", ORDERS)
def test_what_is_reckoned_is_what_a_walk_finds(order, more, servers):
    filters = filters_of(order + more.format(*servers), servers)
    points = filters.sorted(filters.apply(RestorePoint.objects.all()))
    expected = walked(filters)

    found = {start: filters.way.keys(points, start, start + 5) for start in range(len(expected) + 3)}

    assert len(expected) > 20
    assert found == {start: expected[start : start + 5] for start in found}


@pytest.mark.parametrize("order", ORDERS)
def test_every_page_of_the_list_has_its_rows(order, servers, signed_in):
    client, filters = signed_in(), filters_of(order, servers)
    expected = [str(RestorePoint.objects.get(pk=key).uuid) for key in walked(filters)]

    met = []
    for page in (3, 2, 1):
        rows = read(client, f"/restore-points/?{order}&per_page=25&page={page}").rows("point")
        met = [row.attrs["data-point"] for row in rows] + met

    assert met == expected


@pytest.mark.parametrize(
    "query",
    [
        "sort=created",
        "sort=name&state=Ready",
        "sort=name&q=vm",
        "sort=replica&removed=1",
        "sort=name&created_after=2026-01-01",
    ],
)
def test_nothing_is_reckoned_where_an_owner_has_points_that_are_not_in_the_list(query, servers):
    assert filters_of(query, servers).way is None


def test_points_on_a_page_of_their_own_are_never_that_many(servers, signed_in):
    vm = RestorePoint.objects.present().first().vm

    rows = read(signed_in(), f"{vm.replica.get_absolute_url()}?sort=name").rows("point")

    assert len(rows) == vm.replica.points.present().count()


def test_figures_that_a_sync_has_made_old_meanwhile_are_seen_and_the_rows_walked_to(servers, signed_in):
    filters = filters_of("sort=name", servers)
    RestorePoint.objects.filter(pk=walked(filters)[30]).update(removed_at=NOON)
    points = filters.sorted(filters.apply(RestorePoint.objects.all()))

    assert filters.way.keys(points, 28, 33) is None
    assert len(read(signed_in(), "/restore-points/?sort=name&per_page=25&page=2").rows("point")) == 25


def test_an_owner_with_very_many_points_is_walked_through(servers, monkeypatch):
    monkeypatch.setattr(owners, "MOST_POINTS", 5)
    filters = filters_of("sort=replica", servers)

    assert filters.way.keys(filters.sorted(filters.apply(RestorePoint.objects.all())), 0, 12) is None
