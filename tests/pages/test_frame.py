"""The frame of every page: who may see it, what it says of the data's age, what browsers may keep, and errors."""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import clear_script_prefix, set_script_prefix
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from replicas_app.choices import Role
from replicas_app.freshness import data_age
from replicas_app.models import BackupServer
from replicas_app.views.shared import announce, template_for
from tests.factories import make_person, make_server
from tests.pages.reading import PART

pytestmark = pytest.mark.django_db
PAGE = "http://testserver/replicas/?q=sql&page=2"


def next_of(address: str) -> tuple[str, list[str]]:
    parts = urlsplit(address)
    return parts.path, parse_qs(parts.query).get("next", [])


def test_without_a_login_a_page_leads_to_the_login_and_back_with_its_query(client):
    answer = client.get("/replicas/?q=sql&page=2")

    assert answer.status_code == 302
    assert next_of(answer["Location"]) == ("/accounts/login/", ["/replicas/?q=sql&page=2"])


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_login_an_htmx_request_leads_back_to_the_page_around_it(client, method):
    answer = getattr(client, method)("/people/add/", headers={**PART, "HX-Current-URL": PAGE})

    assert (answer.status_code, answer.content, "Location" in answer) == (200, b"", False)
    assert next_of(answer["HX-Redirect"]) == ("/accounts/login/", ["/replicas/?q=sql&page=2"])


def test_without_a_login_an_htmx_post_without_its_token_leads_to_the_login_too():
    answer = Client(enforce_csrf_checks=True).post("/people/add/", headers={**PART, "HX-Current-URL": PAGE})

    assert next_of(answer["HX-Redirect"]) == ("/accounts/login/", ["/replicas/?q=sql&page=2"])


def test_without_a_login_a_history_restore_leads_back_to_what_it_asked_for(client):
    answer = client.get("/people/", headers={**PART, "HX-History-Restore-Request": "true", "HX-Current-URL": PAGE})

    assert next_of(answer["HX-Redirect"]) == ("/accounts/login/", ["/people/"])


def test_without_a_login_a_form_leads_back_to_the_page_that_it_stood_on(client):
    answer = client.post("/people/1/role/", headers={"Referer": "http://testserver/people/1/"})

    assert next_of(answer["Location"]) == ("/accounts/login/", ["/people/1/"])


@pytest.mark.parametrize("elsewhere", ["http://evil.test/", "//evil.test/", "javascript:alert(1)", "http://[", "\x00"])
def test_an_address_of_another_site_is_nowhere_to_come_back_to(client, elsewhere):
    answer = client.get("/people/", headers={**PART, "HX-Current-URL": elsewhere})

    assert next_of(answer["HX-Redirect"]) == ("/accounts/login/", ["/"])


def test_a_path_that_reads_like_another_site_leads_to_this_one(client):
    answer = client.get("/people/", headers={**PART, "HX-Current-URL": "http://testserver//evil.test/"})

    assert next_of(answer["HX-Redirect"]) == ("/accounts/login/", ["/%2Fevil.test/"])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "page"),
        (PART, "part"),
        ({**PART, "HX-Boosted": "true"}, "page"),
        ({**PART, "HX-History-Restore-Request": "true"}, "page"),
        ({"HX-History-Restore-Request": "true"}, "page"),
    ],
)
def test_only_an_htmx_swap_gets_the_part(headers, expected):
    request = RequestFactory().get("/", headers=headers)
    request.htmx = HtmxDetails(request)

    assert template_for(request, page="page", part="part") == expected


def test_words_for_the_status_line_go_along_in_a_header():
    assert announce(HttpResponse(), "12 replicas")["HX-Trigger"] == '{"announce": {"words": "12 replicas"}}'


def test_no_page_is_kept_and_a_part_is_asked_about_again(signed_in):
    client = signed_in(role=Role.ADMIN)
    address = f"/people/{client.person.pk}/link/"

    page, part = client.get(address), client.get(address, headers=PART)

    assert (page["Cache-Control"], part["Cache-Control"]) == ("private, no-store", "private, no-cache")
    assert ["HX-Request" in answer["Vary"] for answer in (page, part)] == [True, True]


def test_pages_allow_no_script_and_no_style_but_our_own_files(signed_in):
    answer = signed_in(role=Role.ADMIN).get("/people/")

    assert answer["Content-Security-Policy"].startswith("default-src 'self';")
    assert [word for word in (" style=", "<style", " onclick=", "<script>") if word in answer.content.decode()] == []


def test_the_bar_marks_where_one_is_and_offers_people_to_admins_only(signed_in):
    admin = signed_in(role=Role.ADMIN).get("/servers/").content.decode()
    viewer = signed_in(role=Role.VIEWER).get("/servers/").content.decode()

    assert admin.count('aria-current="page">Servers<') == 1
    assert ['href="/people/"' in page for page in (admin, viewer)] == [True, False]


@pytest.fixture
def sub_path(settings) -> Iterator[None]:
    """The dashboard stands under /dash, as PUBLIC_URL would have it."""
    settings.FORCE_SCRIPT_NAME = "/dash"
    set_script_prefix("/dash/")
    yield
    clear_script_prefix()


@pytest.mark.usefixtures("sub_path")
def test_under_a_sub_path_every_link_and_form_stays_under_it(signed_in):
    answer = signed_in(role=Role.ADMIN).get("/people/")

    addresses = re.findall(r'(?:href|action|hx-get)="([^"#]+)"', answer.content.decode())
    assert {address for address in addresses if not address.startswith(("/dash/", "/static/"))} == set()


@pytest.mark.usefixtures("sub_path")
def test_under_a_sub_path_the_login_leads_back_under_it(client):
    answer = client.get("/people/")

    assert next_of(answer["Location"]) == ("/dash/accounts/login/", ["/dash/people/"])


def test_a_name_is_written_as_text(signed_in):
    answer = signed_in(make_person("<b>x</b>")).get("/accounts/password/change/")

    assert "<b>x</b>" not in answer.content.decode()


def minutes_ago(minutes: float):
    return timezone.now() - timedelta(minutes=minutes)


def test_the_age_of_the_data_is_that_of_the_server_read_longest_ago():
    make_server("new", last_success_at=minutes_ago(1))
    make_server("old", last_success_at=minutes_ago(7))
    make_server("off", last_success_at=minutes_ago(9999), is_enabled=False)

    age = data_age(timezone.now())

    assert (age.words, age.tone) == ("Data 7 min old", "ok")
    assert age.proof.startswith("old was read longest ago: 7 min ago, ")


@pytest.mark.parametrize(
    ("minutes", "words", "tone"),
    [
        (-1, "Data just read", "ok"),
        (0.5, "Data just read", "ok"),
        (14, "Data 14 min old", "ok"),
        (16, "Data 16 min old", "late"),
        (25 * 60, "Data 25 h 00 min old", "critical"),
        (9 * 1440 + 240, "Data 9 d 4 h old", "critical"),
    ],
)
def test_the_data_of_a_server_that_is_read_every_five_minutes_is_late_after_three(minutes, words, tone):
    make_server(sync_interval_seconds=300, last_success_at=minutes_ago(minutes))

    age = data_age(timezone.now())

    assert (age.words, age.tone) == (words, tone)


def test_what_was_never_read_is_said_and_is_unknown():
    assert data_age(timezone.now()).words == "No server yet"

    make_server("first", last_success_at=None)
    assert (data_age(timezone.now()).words, data_age(timezone.now()).tone) == ("Never read", "unknown")


def test_what_was_never_read_does_not_hide_how_old_the_rest_is():
    make_server("read", last_success_at=minutes_ago(7))
    unread = make_server("unread", last_success_at=None)

    waits = data_age(timezone.now())
    BackupServer.objects.filter(pk=unread.pk).update(last_error="The server refuses user name and password.")
    fails = data_age(timezone.now())

    assert (waits.words, waits.unread, waits.tone) == ("Data 7 min old", "1 of 2 never read", "unknown")
    assert (fails.words, fails.unread, fails.tone) == ("Data 7 min old", "1 of 2 never read", "late")
    assert fails.proof.endswith(" No read has succeeded yet of: unread.")


def test_when_every_server_is_disabled_the_bar_says_so():
    make_server("vbr-01", is_enabled=False, last_success_at=timezone.now() - timedelta(hours=3))

    age = data_age(timezone.now())

    assert age.words == "No server enabled"
    assert age.proof.startswith("vbr-01 is disabled: it is not read any more. vbr-01 was read longest ago: 3 h")


def test_the_list_of_one_disabled_server_does_not_say_that_all_are(signed_in):
    disabled = make_server("vbr-01", is_enabled=False)
    make_server("vbr-02")

    page = signed_in().get(f"/replicas/?server={disabled.pk}").content.decode()

    assert "vbr-01 is disabled: it is not read any more." in page


def test_an_address_without_a_page_says_so_in_the_frame(signed_in):
    answer = signed_in().get("/no-such-page/")

    assert answer.status_code == 404
    assert ["There is nothing at this address." in answer.content.decode(), "Sign out" in answer.content.decode()] == [
        True,
        True,
    ]


def test_what_a_role_may_not_see_is_told_as_a_page_and_as_a_notice(signed_in):
    client = signed_in(make_person("vera", role=Role.VIEWER))

    page, part = client.get("/people/"), client.get("/people/", headers=PART)

    assert (page.status_code, part.status_code) == (403, 403)
    assert "You are signed in as vera, viewer." in page.content.decode()
    assert (part["X-Notice"], "<html" in part.content.decode()) == ("1", False)


@pytest.mark.parametrize("address", ["/accounts/logout/", "/rescans/start/"])
def test_the_address_of_a_button_typed_by_hand_says_so_in_the_frame(signed_in, address):
    answer = signed_in().get(address)

    assert (answer.status_code, "POST" in answer["Allow"]) == (405, True)
    assert "Nothing was done." in answer.content.decode()
    assert "Sign out" in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_the_look():
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/accounts/login/", {"username": "a", "password": "b"})

    assert answer.status_code == 403
    assert "Reload the page and send it again." in answer.content.decode()


def test_a_form_from_an_unknown_origin_names_the_setting():
    client = Client(enforce_csrf_checks=True)

    page = client.post("/accounts/login/", headers={"Origin": "https://dash.example.test"}).content.decode()
    part = client.post("/accounts/login/", headers={"Origin": "null", **PART}).content.decode()

    assert ("https://dash.example.test" in page, "PUBLIC_URL" in page) == (True, True)
    assert ("<html" in part, "PUBLIC_URL" in part) == (False, True)


def test_a_host_that_is_not_allowed_names_the_setting(client):
    answer = client.get("/accounts/login/", headers={"Host": "other.test"})

    assert answer.status_code == 400
    assert ("other.test" in answer.content.decode(), "ALLOWED_HOSTS" in answer.content.decode()) == (True, True)


@pytest.mark.parametrize(("headers", "is_page"), [({}, True), (PART, False)])
def test_when_the_database_fails_the_answer_says_so_in_the_look(signed_in, headers, is_page):
    client = signed_in(role=Role.ADMIN)
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE person RENAME TO somewhere_else")

    answer = client.get("/people/", headers=headers)

    assert answer.status_code == 500
    assert ("<html" in answer.content.decode(), "The dashboard failed" in answer.content.decode()) == (is_page, True)
