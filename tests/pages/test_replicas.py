"""The list of replicas and the page of one, as a browser without JavaScript and htmx get them."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from replicas_app.choices import EventKind, Role, SyncState
from replicas_app.models import BackupServer, Event
from tests.deriving import derive
from tests.factories import make_person, make_point, make_replica, make_rescan, make_server, make_sync_run, make_vm
from tests.pages.reading import PART, read, words_of

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
        "25 Nov 2026, 12:00 UTC",
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


# What cannot be used


@pytest.mark.parametrize("htmx", [{}, PART], ids=["page", "part"])
def test_a_mistake_is_told_in_an_alert_and_beside_its_field_and_the_rest_still_works(htmx, signed_in):
    make_replica(name="alpha", state="Failover")
    make_replica(name="beta")

    page = read(signed_in(), "/replicas/?state=Failover&created_after=soon&server=abc", headers=htmx)

    assert [row.cells[0] for row in page.rows("replica")] == ["alpha"]
    assert page.text(".list [role=alert]").count("Take it out") == 2
    assert "“soon” is not a date and time" in page.text("[role=alert]")
    assert "“soon” is not a date and time" in page.text("#wrong-created_after")
    assert "“abc” is not a number" in page.text("#facets .wrong")
    assert page.text("#wrong-q") == ""


def test_a_mistake_can_be_taken_out_and_everything_else_stays(signed_in):
    client = signed_in()
    make_replica(state="Failover")

    page = read(client, "/replicas/?state=Failover&created_after=soon&sort=-name")

    assert page.link(text="Take it out") == "/replicas/?state=Failover&sort=-name"


@pytest.mark.parametrize("htmx", [{}, PART], ids=["page", "part"])
@pytest.mark.parametrize("number", ["0", "-1", "abc", "1e3", "%D9%A3"])
def test_a_page_that_is_none_shows_no_rows_and_the_way_to_the_first(number, htmx, signed_in):
    make_replica()

    page = read(signed_in(), f"/replicas/?page={number}&per_page=25", headers=htmx)

    assert page.rows("replica") == []
    assert page.text(".blank strong") == "There is no such page"
    assert page.link(text="Go to the first page") == "/replicas/?per_page=25"
    assert page.total == 1


@pytest.mark.parametrize("number", ["3", "4000000", "99999999999999999999"])
def test_a_page_past_the_end_says_so_and_links_back(number, signed_in):
    server = make_server()
    for _ in range(26):
        make_replica(server)

    page = read(signed_in(), f"/replicas/?q=tier&per_page=25&page={number}")

    assert page.rows("replica") == []
    assert page.text(".blank strong") == f"Page {int(number):,} is past the end"
    assert "26 replicas, and 2 pages of 25" in page.text(".blank p")
    assert page.link(text="Go to the last page") == "/replicas/?q=tier&per_page=25&page=2"
    assert page.total == 26


def test_what_is_not_there_yet_is_told(signed_in):
    make_replica()

    page = read(signed_in(), "/replicas/?rpo=late&columns=name")

    assert "RPO is not judged yet" in page.text("[role=alert]")
    assert "Columns cannot be chosen yet" in page.text("[role=alert]")


def test_a_selection_of_150_ids_fits_into_an_address(signed_in):
    wanted = make_replica(platform_id="7fa0b1c2-0000-4000-8000-000000000149")
    make_replica()
    ids = "&".join(f"platform_id=7fa0b1c2-0000-4000-8000-{number:012}" for number in range(150))

    page = read(signed_in(), f"/replicas/?{ids}")

    assert [row.attrs["data-replica"] for row in page.rows("replica")] == [str(wanted.uuid)]
    assert "or 148 more" in page.text(".chips")
    assert len(page.all("input[name=platform_id][checked]")) == 150


# Nothing to show


def test_without_a_server_an_admin_is_led_to_connecting_one_and_others_are_told_who_can(signed_in):
    admins, viewers = read(signed_in(role=Role.ADMIN), "/replicas/"), read(signed_in(), "/replicas/")

    assert admins.text(".blank strong") == viewers.text(".blank strong") == "No server yet"
    assert admins.link(text="Connect a server") == reverse("server-add")
    assert "An administrator has to connect" in viewers.text(".blank")


def test_a_first_read_shows_how_far_it_is(signed_in):
    server = make_server("vbr-oslo", last_success_at=None)
    make_sync_run(server, state=SyncState.RUNNING, rows_read=1400, rows_expected=6100, ended_at=None)

    page = read(signed_in(), "/replicas/")

    assert page.text(".notice strong") == "Reading vbr-oslo for the first time."
    assert page.attribute("[role=progressbar]", "aria-valuenow") == "22"
    assert "1,400 of 6,100 records" in page.text(".notice")
    assert page.text(".blank strong") == "Nothing has been read yet"


def test_no_match_names_what_was_asked_for_and_leads_out_of_it(signed_in):
    server = make_server("vbr-dr")
    make_replica(server)
    make_replica(server)

    page = read(signed_in(), f"/replicas/?state=Failback&server={server.pk}&sort=-name")

    assert page.text(".blank strong") == "Nothing matches"
    assert page.text(".blank p") == "2 replicas are there, none has server vbr-dr and state Failback."
    assert page.link(text="Clear the filters") == "/replicas/?sort=-name"


@pytest.mark.parametrize(
    ("fields", "tone", "strong", "words"),
    [
        (
            {"last_success_at": timedelta(hours=3), "last_error": "It answers 503, busy."},
            "late",
            "vbr was last read 3 h 00 min ago.",
            "It answers 503, busy.",
        ),
        (
            {"last_success_at": timedelta(days=2)},
            "critical",
            "vbr was last read 2 d 0 h ago.",
            "look whether worker and scheduler are running",
        ),
        (
            {"last_error": "vbr answered with 40 of 401 replicas. We kept all 401."},
            "late",
            "vbr was not read completely at the last try.",
            "We kept all 401.",
        ),
        (
            {"last_success_at": None, "last_error": "The certificate changed."},
            "critical",
            "vbr has never been read completely.",
            "The certificate changed.",
        ),
        ({"last_success_at": None}, "unknown", "vbr has not been read yet.", "Its first read begins within a minute."),
        ({"is_enabled": False}, "unknown", "vbr is disabled.", "Its rows are as of"),
        ({"is_enabled": False, "last_success_at": None}, "unknown", "vbr is disabled.", "It has never been read."),
        (
            {"last_success_at": None, "trust": "pin"},
            "late",
            "vbr waits for its certificate to be accepted.",
            "Nothing is sent to it",
        ),
    ],
)
def test_what_keeps_the_rows_from_being_new_is_told_above_them(fields, tone, strong, words, signed_in):
    now = timezone.now()
    fields = {key: now - value if isinstance(value, timedelta) else value for key, value in fields.items()}
    make_replica(make_server("vbr", **fields))

    page = read(signed_in(), "/replicas/")

    assert page.attribute(".notice", "data-status") == tone
    assert page.text(".notice strong") == strong
    assert words in page.text(".notice")


def test_servers_that_are_read_as_they_should_be_are_not_spoken_of(signed_in):
    make_replica()

    assert read(signed_in(), "/replicas/").all(".list .notice") == []


def test_only_the_servers_in_sight_are_spoken_of(signed_in):
    client = signed_in()
    old = make_server("old", last_success_at=timezone.now() - timedelta(hours=5), last_error="It is busy.")
    new = make_server("new")
    make_replica(old)
    make_replica(new)

    assert read(client, f"/replicas/?server={new.pk}").all(".list .notice") == []
    assert "old was last read" in read(client, f"/replicas/?server={old.pk}").text(".list .notice")
    assert read(client, f"/replicas/?server={old.pk}").rows("replica")[0].cells[6] == "old 5 h 00 min old"


def test_many_servers_that_nobody_reads_make_one_notice(signed_in):
    for number in range(5):
        make_server(f"vbr-{number}", last_success_at=timezone.now() - timedelta(hours=2))
    make_server("vbr-bad", last_error="It is busy.")

    page = read(signed_in(), "/replicas/")

    assert [words_of(notice) for notice in page.select(".list .notice strong")] == [
        "vbr-bad was not read completely at the last try.",
        "5 servers were last read 2 h 00 min ago or earlier.",
    ]


# One replica


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


def test_a_server_that_was_removed_a_moment_ago_takes_nothing_down(signed_in):
    client = signed_in()
    replica = make_replica()
    address = f"/replicas/?server={replica.server_id}"
    BackupServer.objects.all().delete()

    page = read(client, address)

    assert page.total == 0
    assert page.text(".blank strong") == "No server yet"


@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
def test_more_values_than_can_be_read_at_once_are_refused_in_words(headers, signed_in):
    address = "/replicas/?" + "&".join(f"platform_id=a{number}" for number in range(1200))

    page = read(signed_in(), address, status=400, headers=headers)

    assert "That is more than can be asked for at once." in page.soup.get_text()


def test_where_nothing_was_ever_read_a_filter_is_not_blamed(signed_in):
    make_server(last_success_at=None)

    page = read(signed_in(), "/replicas/?state=Ready")

    assert "Nothing has been read yet" in page.text(".blank")
    assert "Nothing matches" not in page.soup.get_text()
