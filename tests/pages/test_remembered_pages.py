"""Pages of lists whose keys are remembered: until a row changes, and not under other names."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from replicas_app.filters import pages
from replicas_app.filters.memory import Memory
from replicas_app.filters.pages import Keys
from replicas_app.models import BackupServer, RestorePoint
from tests.factories import make_point, make_replica, make_server, make_vm
from tests.pages.reading import PART, read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_page_is_remembered_until_a_row_changes(signed_in, django_assert_num_queries):
    client, server = signed_in(), make_server(data_version=1)
    kept = make_point(make_vm(make_replica(server)))

    def rows() -> list[str]:
        return [row.attrs["data-point"] for row in read(client, "/restore-points/", headers=PART).rows("point")]

    assert rows() == [str(kept.uuid)]
    newer = make_point(kept.vm, created_at=timezone.now())
    with django_assert_num_queries(4):
        assert rows() == [str(kept.uuid)]
    BackupServer.objects.update(data_version=2)
    assert rows() == [str(kept.uuid)]
    BackupServer.objects.update(rows_version=2)
    assert rows() == [str(newer.uuid), str(kept.uuid)]


def test_pages_that_are_sorted_by_the_names_of_servers_are_not_remembered_under_other_names(signed_in):
    client, first = signed_in(), make_server("bergen", data_version=1)
    points = [make_point(make_vm(make_replica(server))) for server in (first, make_server("oslo", data_version=1))]

    def rows() -> list[str]:
        return [row.attrs["data-point"] for row in read(client, "/restore-points/?sort=server").rows("point")]

    before = rows()
    BackupServer.objects.filter(pk=first.pk).update(name="tromsø")

    assert (before, rows()) == ([str(point.uuid) for point in points], [str(point.uuid) for point in points[::-1]])


def test_what_vanishes_from_a_remembered_page_is_left_out(signed_in):
    client, server = signed_in(), make_server(data_version=1)
    first, second = (make_point(make_vm(make_replica(server))) for _ in range(2))
    read(client, "/restore-points/")
    first.delete()

    page = read(client, "/restore-points/")

    assert [row.attrs["data-point"] for row in page.rows("point")] == [str(second.uuid)]


@pytest.mark.parametrize("number", [1, 2, 3, 41, 42])
def test_pages_far_down_come_from_blocks_that_are_read_at_once(number, monkeypatch):
    monkeypatch.setattr(pages, "BLOCK", 7)
    server, vm = make_server(data_version=1), make_vm()
    keys = [make_point(vm, created_at=NOON - timedelta(minutes=minute)).pk for minute in range(42 * 3 - 1)]
    for total in (None, len(keys)):
        wanted = Keys(RestorePoint.objects.order_by("-created_at").all, total, Memory(f"{server.pk} {total}"), "")

        met = [wanted.between((number - 1) * 3, number * 3) for _ in range(2)]

        assert met == [keys[(number - 1) * 3 : number * 3]] * 2
