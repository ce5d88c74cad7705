"""The page of one restore point."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_point, make_replica, make_server, make_vm
from tests.pages.reading import read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_the_page_of_a_point_shows_all_of_it_and_its_operations_in_words(signed_in):
    vm = make_vm(make_replica(make_server("vbr-oslo"), "tier 1"), "web-01")
    point = make_point(
        vm,
        created_at=NOON,
        malware="",
        state="ReadyToSwitch",
        platform="HyperV",
        platform_id="P-1",
        first_seen_at=NOON,
        operations=["StartViVMSnapshotReplicaFailover", "StartSomethingNew"],
    )

    page = read(signed_in(), point.get_absolute_url())

    facts = page.facts
    assert facts["Created"].startswith("25 Nov 2026, 12:00 UTC")
    assert facts["Created"].endswith("the newest point of this VM")
    assert facts["Malware"] == "Not scanned : that is not the same as clean".replace(" :", ":")
    assert facts["State"] == "Ready to switch ReadyToSwitch"
    assert facts["Platform"] == "Hyper-V HyperV"
    assert facts["Platform id"] == "P-1"
    assert facts["VM"] == "web-01"
    assert facts["Replica"] == f"tier 1 {vm.replica.uuid}"
    assert facts["Restore point id"] == str(point.uuid)
    assert facts["First seen"] == "25 Nov 2026, 12:00 UTC"
    assert page.attribute("[data-point]", "data-point") == str(point.uuid)
    assert page.text(".operations") == "Fail over to this point StartViVMSnapshotReplicaFailover StartSomethingNew"


def test_from_a_point_one_goes_to_the_next_older_and_newer_one_of_its_vm(signed_in):
    client, vm = signed_in(), make_vm()
    points = [make_point(vm, created_at=NOON + timedelta(hours=hour)) for hour in range(3)]
    make_point(make_vm(vm.replica), created_at=NOON + timedelta(minutes=90))
    make_point(vm, created_at=NOON + timedelta(minutes=30), removed_at=NOON)

    middle = read(client, points[1].get_absolute_url())

    assert middle.link(text="Older point") == points[0].get_absolute_url()
    assert middle.link(text="Newer point") == points[2].get_absolute_url()
    assert read(client, middle.link(text="1 newer").split("#")[0]).total == 3
    assert read(client, points[0].get_absolute_url()).select("a[rel=prev]") == []


def test_a_removed_point_keeps_its_page(signed_in):
    point = make_point(removed_at=NOON)

    page = read(signed_in(), point.get_absolute_url())

    assert "nobody can fail over to it" in page.text(".notice")
    assert page.facts["Found removed"].startswith("25 Nov 2026, 12:00 UTC")


@pytest.mark.parametrize("pk", ["0", "987654", "99999999999999999999"])
def test_a_point_that_is_not_there_is_not_found(pk, signed_in):
    assert signed_in().get(f"/restore-points/{pk}/").status_code == 404
