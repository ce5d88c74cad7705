"""The list of replicas, as a browser without JavaScript and htmx get them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from replicas_app.choices import Role
from tests.deriving import derive
from tests.factories import make_point, make_replica, make_rescan, make_server, make_vm
from tests.pages.reading import PART, read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("query", ["", "?q=tier&state=Ready&sort=-created&created_after=2020-01-01"])
def test_the_list_asks_the_database_as_often_for_one_row_as_for_three(
    rows, query, signed_in, django_assert_num_queries
):
    client, server = signed_in(role=Role.OPERATOR), make_server()
    for _ in range(rows):
        make_point(make_vm(make_replica(server)))

    with django_assert_num_queries(8):
        page = read(client, f"/replicas/{query}")

    assert len(page.rows("replica")) == rows


def test_a_part_asks_the_database_no_more_often_than_the_page(signed_in, django_assert_num_queries):
    client = signed_in()
    make_replica()

    with django_assert_num_queries(7):
        read(client, "/replicas/", headers=PART | {"HX-Target": "list"})


def test_a_row_says_what_is_known_of_its_replica(signed_in):
    server = make_server("vbr-oslo")
    replica = make_replica(
        server,
        "Büro <b> & co",
        type="Regular",
        state="FailedFailover",
        platform="HyperV",
        platform_id="11111111-2222-3333-4444-555555555555",
        policy_id="",
        created_at=NOON,
    )
    make_point(make_vm(replica), malware="Suspicious", created_at=timezone.now() - timedelta(hours=49, minutes=5))
    derive(server.pk)

    [row] = read(signed_in(), "/replicas/").rows("replica")

    assert row.attrs["data-replica"] == str(replica.uuid)
    assert row.cells == [
        "Büro <b> & co",
        "Failed failover",
        "Suspicious",
        "1",
        "1",
        "2 d 1 h",
        "vbr-oslo",
        "25 Nov 2026 , 12:00 UTC",
        "Snapshot",
        "Hyper-V",
        f"{replica.job_id[:8]}…",
        "–",
        "11111111…",
    ]


def test_every_number_of_a_row_leads_to_the_rows_behind_it(signed_in):
    client, server = signed_in(), make_server()
    replica = make_replica(server)
    for name in ("a", "b"):
        make_point(make_vm(replica, name))
    make_point()
    derive(server.pk)

    points = read(client, "/replicas/?q=tier").link(
        text="2", within=f"tr[data-replica='{replica.uuid}'] td:nth-of-type(5)"
    )

    assert read(client, points).total == 2


def test_the_total_the_age_and_the_status_line_stand_in_the_page(signed_in):
    server = make_server()
    for _ in range(3):
        make_replica(server)
    client = signed_in()

    page = read(client, "/replicas/?per_page=25")
    part = client.get("/replicas/", headers=PART)

    assert page.total == 3
    assert page.attribute("p span[data-age]", "data-age").startswith(server.last_success_at.isoformat()[:19])
    assert part.headers["HX-Trigger"] == '{"announce": {"words": "3 replicas"}}'


def test_htmx_gets_the_fragment_and_everything_else_the_page(signed_in):
    client = signed_in()
    make_replica(name="alpha")
    address = "/replicas/?q=a"

    for headers, is_page in (
        ({}, True),
        (PART, False),
        (PART | {"HX-Target": "browse"}, False),
        (PART | {"HX-Target": "facets"}, False),
        (PART | {"HX-History-Restore-Request": "true"}, True),
        (PART | {"HX-Boosted": "true"}, True),
    ):
        response = client.get(address, headers=headers)
        assert ("<html" in response.text) == is_page
        assert "HX-Request" in response.headers["Vary"]
        assert "private" in response.headers["Cache-Control"]


def test_a_fragment_pushes_the_address_without_what_asks_for_nothing(signed_in):
    client = signed_in()
    make_replica()

    response = client.get("/replicas/?q=&state=Ready&state=Ready&created_after=&sort=name", headers=PART)

    assert response.headers["HX-Push-Url"] == "/replicas/?state=Ready&sort=name"


def test_somebody_who_is_signed_out_is_led_to_the_login_and_back_to_the_page_and_not_into_the_table():
    where = PART | {"HX-Current-URL": "http://testserver/replicas/?q=sql&page=2"}

    answer = Client().get("/replicas/?q=sql", headers=where)
    plain = Client().get("/replicas/?q=sql")

    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == f"/accounts/login/?next={quote('/replicas/?q=sql&page=2', safe='/')}"
    assert answer.content == b""
    assert (plain.status_code, plain.headers["Location"]) == (302, "/accounts/login/?next=/replicas/%3Fq%3Dsql")


def test_a_viewer_can_tick_and_rescan_nothing_and_an_operator_can(signed_in):
    replica = make_replica()
    gone = make_replica(replica.server, "gone", removed_at=NOON)

    viewers = read(signed_in(role=Role.VIEWER), "/replicas/?removed=1")
    operators = read(signed_in(role=Role.OPERATOR), "/replicas/?removed=1")

    assert viewers.all("input[name=id]") == []
    assert "Rescan" not in viewers.text("#list")
    assert [(box["value"], "disabled" in box) for box in operators.all("input[name=id]")] == [
        (str(gone.pk), True),
        (str(replica.pk), False),
    ]
    assert operators.link(text="Rescan…") == f"{reverse('rescan-ask')}?id={replica.pk}"


def test_a_row_whose_replica_is_in_a_rescan_leads_there_instead_of_offering_another(signed_in):
    client, replica = signed_in(role=Role.OPERATOR), make_replica()
    make_rescan(replica, replica_count=1, state="succeeded", ended_at=NOON)
    rescan = make_rescan(replica, replica_count=1, next_poll_at=NOON)

    page = read(client, "/replicas/")

    assert page.link(text="In a rescan") == rescan.get_absolute_url()
    assert page.select("td.act a.button") == []
    assert page.total == len(page.rows("replica")) == 1


def test_what_is_ticked_on_a_page_is_sent_without_javascript(signed_in):
    client = signed_in(role=Role.OPERATOR)
    replicas = [make_replica() for _ in range(2)]

    page = read(client, "/replicas/")
    answer = client.post(page.attribute("form#picked", "action"), {"id": [replica.pk for replica in replicas]})

    assert {box["form"] for box in page.all("input[name=id]")} == {"picked"}
    assert answer.status_code == 200
    assert "Rescan" in answer.text


def test_removed_replicas_are_marked_where_they_are_asked_for(signed_in):
    client = signed_in()
    make_replica(name="gone", removed_at=NOON)
    make_replica(name="here")

    assert [row.cells[0] for row in read(client, "/replicas/").rows("replica")] == ["here"]
    [gone, here] = read(client, "/replicas/?removed=1").rows("replica")
    assert ("data-removed" in gone.attrs, gone.cells[1]) == (True, "Removed")
    assert "data-removed" not in here.attrs
