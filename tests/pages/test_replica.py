"""The page of one replica, with its VMs and its points."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from replicas_app.choices import EventKind, Role
from replicas_app.models import Event
from tests.deriving import derive
from tests.factories import make_person, make_point, make_replica, make_rescan, make_server, make_vm
from tests.pages.reading import PART, read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_the_page_of_a_replica_shows_all_of_it(signed_in):
    server = make_server("vbr-oslo")
    replica = make_replica(
        server, "tier 1", type="Regular", state="Failover", policy_id="gold", created_at=NOON, changed_at=NOON
    )
    for name, malware in (("web-01", "Infected"), ("web-02", "Clean")):
        make_point(make_vm(replica, name), malware=malware)
    derive(server.pk)
    rescan = make_rescan(replica, asked_by=make_person("kim"), replica_count=1, next_poll_at=timezone.now())
    Event.objects.create(server=server, replica=replica, kind=EventKind.STATE, at=NOON, old="Ready", new="Failover")

    page = read(signed_in(), replica.get_absolute_url())

    facts = page.facts
    assert facts["State"] == "Failover"
    assert facts["Type"] == "Snapshot Regular"
    assert facts["Malware"] == "Infected, the worst of its points"
    assert facts["Job id"] == replica.job_id
    assert facts["Policy id"] == "gold"
    assert facts["Replica id"] == str(replica.uuid)
    assert facts["Created"].startswith("25 Nov 2026, 12:00 UTC")
    assert facts["Last changed"].startswith("25 Nov 2026, 12:00 UTC")
    vms = page.rows("vm")
    assert [(row.cells[0], row.cells[3], row.cells[4], row.cells[6]) for row in vms] == [
        ("web-01", "not known", "Infected", "1"),
        ("web-02", "1 h 00 min", "Clean", "1"),
    ]
    assert [svg["aria-label"] for svg in page.all("svg.strip")] == [
        "1 restore point in the last 7 days, 1 infected",
        "1 restore point in the last 7 days",
    ]
    assert [row.attrs["data-rescan"] for row in page.rows("rescan")] == [str(rescan.pk)]
    assert "turned from Ready to Failover" in page.text("#history")
    assert len(page.rows("point")) == 2
    assert page.total == 2


def test_the_points_of_a_replica_narrow_by_all_that_the_api_filters_them_by(signed_in):
    client, replica = signed_in(), make_replica()
    infected = make_point(
        make_vm(replica, "web-01"), malware="Infected", created_at=NOON, platform_id="P-1", platform="HyperV"
    )
    make_point(make_vm(replica, "sql-01"), created_at=NOON - timedelta(days=3))
    make_point(
        make_vm(make_replica(), "web-02"), malware="Infected", created_at=NOON, platform_id="P-1", platform="HyperV"
    )

    for query in (
        "q=web*",
        "malware=Infected",
        "created_after=2026-11-25",
        "platform_id=P-1",
        "platform=HyperV",
        f"vm={infected.vm_id}",
    ):
        page = read(client, f"{replica.get_absolute_url()}?{query}", headers=PART)
        assert [row.attrs["data-point"] for row in page.rows("point")] == [str(infected.uuid)], query
        assert page.total == 1
    before = read(client, f"{replica.get_absolute_url()}?created_before=2026-11-24&sort=name")
    assert [row.cells[0] for row in before.rows("point")] == ["sql-01"]


def test_the_page_of_a_replica_asks_the_database_as_often_for_one_vm_as_for_three(signed_in, django_assert_num_queries):
    client = signed_in()
    small, large = make_replica(), make_replica()
    for replica, count in ((small, 1), (large, 3)):
        for _ in range(count):
            make_point(make_vm(replica))
            make_rescan(replica, replica_count=1, state="succeeded", ended_at=NOON)
            Event.objects.create(server=replica.server, replica=replica, kind=EventKind.APPEARED, at=NOON)

    for replica in (small, large):
        with django_assert_num_queries(11):
            read(client, replica.get_absolute_url())


def test_a_cdp_replica_says_why_it_has_neither_state_nor_vms(signed_in):
    replica = make_replica(type="CDP", state="", created_at=None)

    page = read(signed_in(), replica.get_absolute_url())

    assert page.facts["State"] == "None: a CDP replica has no state"
    assert page.facts["Created"] == "The server gives no time"
    assert "The API gives no restore points of a CDP replica" in page.text("#vms")
    assert page.text("#list .blank strong") == "No restore point"


def test_a_removed_replica_keeps_its_page_and_cannot_be_rescanned(signed_in):
    replica = make_replica(removed_at=NOON)

    page = read(signed_in(role=Role.OPERATOR), replica.get_absolute_url())

    assert "The server no longer lists this replica." in page.text(".notice")
    assert page.facts["Found removed"].startswith("25 Nov 2026, 12:00 UTC")
    assert "Rescan…" not in page.text("main")


@pytest.mark.parametrize("pk", ["0", "987654", "99999999999999999999"])
def test_a_replica_that_is_not_there_is_not_found(pk, signed_in):
    assert signed_in().get(f"/replicas/{pk}/").status_code == 404


def test_names_are_text_and_never_markup(signed_in):
    client = signed_in(role=Role.OPERATOR)
    name = '<script>alert("1")</script> {{ 7 }} \'"><img src=x onerror=alert(1)>'
    replica = make_replica(make_server("<i>srv</i>"), name, state="<u>State</u>", job_id='"><b>', platform="<s>")
    make_point(make_vm(replica, name))

    for address in (
        "/replicas/",
        f"/replicas/?state={quote('<u>State</u>')}&q={quote(name[:20])}",
        replica.get_absolute_url(),
    ):
        text = client.get(address).text
        assert not re.search(r"<(script>|img src=x|i>srv|u>State|s>)", text), address
