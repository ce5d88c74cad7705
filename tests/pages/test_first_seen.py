"""What is new here, however old it is on its server: lists narrowed by when a read first found their rows."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_point, make_replica, make_server, make_vm
from tests.pages.reading import read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize("address", ["/replicas/", "/vms/", "/restore-points/"])
def test_what_is_new_is_found_by_when_it_was_first_seen(address, signed_in):
    client, server = signed_in(), make_server()
    for name, seen in (("old", NOON - timedelta(days=1)), ("then", NOON), ("new", NOON + timedelta(hours=1))):
        vm = make_vm(make_replica(server, name, first_seen_at=seen), name, first_seen_at=seen, point_count=1)
        make_point(vm, first_seen_at=seen)

    def names(query: str) -> list[str]:
        return sorted(link["title"] for link in read(client, address + query).all("#list td.stay a"))

    assert names("") == ["new", "old", "then"]
    assert names("?first_seen_after=2026-11-25T12:00") == ["new", "then"]
    assert names("?first_seen_after=2026-11-25T12:00&first_seen_before=2026-11-25T12:30") == ["then"]
    assert names("?first_seen_before=2026-11-25T11:00%2B00:00") == ["old"]


def test_the_moments_of_being_first_seen_stand_in_chips_and_fields_and_are_judged_like_all_others(signed_in):
    client = signed_in()
    make_point()

    page = read(client, "/restore-points/?first_seen_after=2026-11-25T12:00&first_seen_before=2026-11-24&sort=name")
    wrong = read(client, "/restore-points/?first_seen_after=yesterday")

    assert page.text(".chip") == "first seen after 25 Nov 2026, 12:00 UTC"
    assert page.attribute(".chip a", "href") == "/restore-points/?first_seen_before=2026-11-24&sort=name"
    assert page.attribute("#id-first_seen_after", "value") == "2026-11-25T12:00:00.000"
    assert page.text("#wrong-first_seen_before") == "It lies before “First seen after”: nothing can match both."
    assert "“yesterday” is not a date and time" in wrong.text("#wrong-first_seen_after")
    assert wrong.total == 1
