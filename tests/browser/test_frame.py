"""The frame in a real browser: the keyboard, a session that ends, a connection that breaks, Back."""

import re
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from replicas_app.models import BackupServer
from replicas_app.times import ago_words
from tests.factories import PASSWORD, make_person, make_server


def sign_in_by_form(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_slash_goes_to_the_find_field_which_leads_to_the_replicas(page, sign_in):
    sign_in()
    page.goto("/servers/")

    page.keyboard.press("/")
    page.keyboard.type("sql*")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/replicas/\?q=sql\*$"))


def test_a_slash_that_is_typed_into_a_field_stays_a_slash(page, sign_in):
    sign_in()
    page.goto("/people/add/")

    page.get_by_label("User name").press_sequentially("a/b")

    expect(page.get_by_label("User name")).to_have_value("a/b")


def test_a_session_that_ends_between_two_requests_leads_to_the_login_and_back(page, sign_in):
    person = sign_in()
    make_server()
    page.goto("/replicas/?q=sql")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)

    page.get_by_role("searchbox", name="Name or id").press_sequentially("server")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next="))
    sign_in_by_form(page, person.username)

    expect(page).to_have_url(re.compile(r"/replicas/\?q=sql$"))


def test_a_connection_that_breaks_is_told_in_the_page_until_the_next_answer(page, sign_in):
    sign_in()
    page.goto("/people/")
    page.route("**/people/", lambda route: route.abort())

    page.evaluate("htmx.ajax('GET', '/people/', {target: 'h1', swap: 'none'}).catch(() => 0)")
    expect(page.get_by_role("alert")).to_contain_text("Connection lost")

    page.unroute("**/people/")
    page.evaluate("htmx.ajax('GET', '/people/', {target: 'h1', swap: 'none'})")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_error_of_an_htmx_request_is_told_and_changes_nothing(page, sign_in):
    sign_in(make_person("vera", role="viewer"))
    page.goto("/accounts/password/change/")

    page.evaluate("htmx.ajax('GET', '/people/', 'h1')")

    expect(page.get_by_role("alert")).to_contain_text("Your role does not allow this.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Change your password")


def test_an_error_that_is_not_ours_is_told_with_its_number(page, sign_in):
    def bad_gateway(route: Route) -> None:
        route.fulfill(status=502, content_type="text/html", body="<h1>nginx</h1>")

    sign_in()
    page.goto("/people/")
    page.route("**/people/", bad_gateway)

    page.evaluate("htmx.ajax('GET', '/people/', 'h1')")

    expect(page.get_by_role("alert")).to_contain_text("502")
    expect(page.get_by_text("nginx")).to_have_count(0)


def test_what_a_page_came_with_is_not_taken_away_by_the_next_answer(page, sign_in):
    sign_in()
    server = make_server()
    page.goto(server.get_absolute_url())
    BackupServer.objects.update(is_enabled=False)
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("alert")).to_contain_text("disabled")

    page.evaluate("htmx.ajax('GET', location.pathname, '#server')")

    expect(page.get_by_role("alert")).to_contain_text("disabled")


def test_after_signing_out_back_shows_nothing(page, sign_in):
    sign_in(make_person("anna", role="admin"))
    page.goto("/people/")
    page.locator(".top .menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile(r"/accounts/login/$"))

    page.go_back()

    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_text("anna")).to_have_count(0)


def test_a_question_opens_over_the_page_and_escape_gives_the_focus_back(page, sign_in):
    sign_in()
    page.goto(f"/people/{make_person('vera').pk}/")
    page.get_by_role("link", name="Deactivate…").focus()

    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Deactivate vera?")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Deactivate…")).to_be_focused()


def test_a_form_that_is_pressed_twice_is_sent_once(page, sign_in):
    sign_in()
    page.goto("/people/add/")
    page.get_by_label("User name").fill("vera")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    page.get_by_role("button", name="Add person").dblclick()

    expect(page.get_by_role("heading", level=1)).to_have_text("vera")
    assert len(sent) == 1


def test_words_in_an_answer_are_said_in_the_status_line(page, sign_in):
    sign_in()
    page.goto("/people/")

    page.evaluate("htmx.trigger('h1', 'announce', {words: '12 replicas'})")

    expect(page.get_by_role("status")).to_have_text("12 replicas")


def test_ages_in_an_open_page_go_on_counting(page, sign_in):
    sign_in()
    make_server(last_success_at=timezone.now() - timedelta(seconds=90))
    page.clock.install()
    page.goto("/servers/")
    expect(page.locator("[data-age]")).to_have_text("Data 1 min old")

    page.clock.fast_forward("05:00")

    expect(page.locator("[data-age]")).to_have_text("Data 6 min old")


def test_the_age_in_the_bar_of_an_open_page_turns_late_and_then_critical_by_itself(page, sign_in):
    sign_in()
    make_server(last_success_at=timezone.now(), sync_interval_seconds=300)
    page.clock.install()
    page.goto("/people/")
    tones = [page.locator("[data-age]").get_attribute("data-status")]

    for span in ("14:00", "02:00", "24:00:00"):
        page.clock.fast_forward(span)
        tones.append(page.locator("[data-age]").get_attribute("data-status"))

    assert tones == ["ok", "ok", "late", "critical"]


def test_the_browser_counts_ages_in_the_words_of_the_server(page, sign_in):
    sign_in()
    page.goto("/people/")
    minutes = [-300, -3, -0.5, 0, 0.9, 1, 59, 60, 161, 2879, 2880, 13_200, 900_000]

    told = page.evaluate("minutes => minutes.map(m => ageWords(m * 60000, 'ago'))", minutes)

    assert told == [ago_words(timedelta(minutes=m)) for m in minutes]


def test_at_390_pixels_no_page_is_wider_than_the_screen(page, sign_in):
    sign_in()
    page.set_viewport_size({"width": 390, "height": 800})
    addresses = [
        "/people/",
        "/people/add/",
        f"/people/{make_person('a' * 60).pk}/",
        "/accounts/password/change/",
        "/no",
    ]
    widths = {}

    for address in addresses:
        page.goto(address)
        widths[address] = page.evaluate("document.documentElement.scrollWidth")

    assert widths == dict.fromkeys(addresses, 390)
