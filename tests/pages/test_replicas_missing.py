"""The list of replicas where what is asked for cannot be used, or where there is nothing to show: it says why."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from replicas_app.choices import Role, SyncState
from replicas_app.models import BackupServer
from tests.factories import make_replica, make_server, make_sync_run
from tests.pages.reading import PART, read, words_of

pytestmark = pytest.mark.django_db


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
    assert "An admin can connect a backup server" in viewers.text(".blank")


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
