"""Chromium behind a proxy that ends TLS and cuts the sub-path off: sign in, browse, narrow, Back, sign out."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from replicas_app.choices import Role
from replicas_app.models import Person
from tests.chromium import PATIENCE_MILLISECONDS
from tests.factories import PASSWORD, make_person
from tests.proxy.conftest import SUB_PATH, Site, session_of
from tests.scene import set_scene


@pytest.fixture
def site(under_a_path, transactional_db) -> Site:
    under_a_path.front.cuts = True
    under_a_path.front.strayed.clear()
    return under_a_path


@pytest.fixture
def context(chromium: Browser, site) -> Iterator[BrowserContext]:
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context
    context.close()


@pytest.fixture
def complaints(context) -> list[str]:
    """What a browser would show in red: script errors, refused content, answers that are errors or come by http."""
    found: list[str] = []
    context.on("weberror", lambda error: found.append(str(error.error)))
    context.on("console", lambda told: found.append(told.text) if told.type in ("error", "warning") else None)
    context.on("requestfailed", lambda request: None if was_left(request) else found.append(request.url))
    context.on("response", lambda answer: found.append(answer.url) if answer.status >= 400 else None)
    context.on("request", lambda request: None if request.url.startswith("https:") else found.append(request.url))
    return found


def was_left(request: Request) -> bool:
    """Whether the browser gave the request up itself, because its page was left before the answer came."""
    return request.failure == "net::ERR_ABORTED"


@pytest.fixture
def anna(real_passwords) -> Person:
    return make_person("anna", role=Role.ADMIN)


@pytest.fixture
def page(context, site, complaints, anna) -> Page:
    """On the overview, as anna."""
    session = {"name": "sessionid", "value": session_of(anna), "domain": "localhost", "path": SUB_PATH, "secure": True}
    context.add_cookies([session])
    page = context.new_page()
    page.goto(f"{site.url}/")
    return page


def sign_in_by_form(page: Page) -> None:
    page.get_by_label("User name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_signing_in_leads_to_the_overview_with_cookies_for_https_and_the_sub_path_alone(
    context, site, complaints, anna
):
    page = context.new_page()
    page.goto(f"{site.url}/")

    sign_in_by_form(page)
    expect(page).to_have_url(f"{site.url}/")
    expect(page.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")

    kept = {(one["name"], one["path"], one["secure"]) for one in context.cookies()}
    assert kept == {("sessionid", SUB_PATH, True), ("csrftoken", SUB_PATH, True)}
    assert complaints == []


def test_no_page_makes_the_browser_complain_or_ask_beside_the_sub_path(page, site, complaints, anna):
    scene = set_scene(anna)
    pages = {name: path for name, path in scene.pages.items() if name != "no page"}

    for path in pages.values():
        page.goto(site.url + path)
        expect(page.locator("h1").first).to_be_visible()

    assert complaints == []
    assert site.front.strayed == []


def test_a_list_narrows_in_place_its_address_follows_and_back_leads_back(page, site, complaints, anna):
    set_scene(anna)
    page.get_by_role("navigation", name="Places").get_by_role("link", name="Replicas").click()
    page.evaluate("window.isTheSamePage = true")

    page.get_by_role("searchbox", name="Name or id").press_sequentially("ä 4")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{site.url}/replicas/?q=%C3%A4%204")
    assert page.evaluate("window.isTheSamePage")
    page.locator("#list tbody td.stay a").click()
    expect(page).to_have_url(re.compile(rf"^{re.escape(site.url)}/replicas/\d+/$"))
    page.go_back()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.go_back()

    expect(page).to_have_url(f"{site.url}/replicas/")
    expect(page.locator("#list tbody tr")).to_have_count(7)
    assert complaints == []
    assert site.front.strayed == []


def test_a_login_that_ran_out_leads_over_the_login_back_to_where_one_was(page, site, context, anna):
    set_scene(anna)
    page.goto(f"{site.url}/replicas/?state=Failover")
    context.clear_cookies(name="sessionid")

    page.get_by_role("searchbox", name="Name or id").press_sequentially("x")
    expect(page).to_have_url(re.compile(rf"^{re.escape(site.url)}/accounts/login/\?next={SUB_PATH}/replicas/"))
    sign_in_by_form(page)

    expect(page).to_have_url(f"{site.url}/replicas/?state=Failover")


def test_a_question_is_asked_in_a_dialog_and_its_answer_leads_to_a_page(page, site, complaints, anna):
    scene = set_scene(anna)
    page.goto(f"{site.url}/people/{scene.person.pk}/")

    page.get_by_role("link", name="Deactivate…").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()

    expect(page.get_by_text("can no longer sign in")).to_be_visible()
    expect(page).to_have_url(f"{site.url}/people/{scene.person.pk}/")
    assert complaints == []


def test_signing_out_leads_to_the_login_and_back_shows_nothing(page, site, complaints):
    page.locator(".top .menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{site.url}/accounts/login/")

    page.go_back()

    expect(page.get_by_label("Password")).to_be_visible()
    expect(page).to_have_url(f"{site.url}/accounts/login/?next={SUB_PATH}/")
    assert complaints == []


def test_a_proxy_that_hides_referrers_does_not_stop_forms(site, context, anna):
    site.front.adds = {"Referrer-Policy": "no-referrer"}
    try:
        page = context.new_page()
        page.goto(f"{site.url}/servers/")
        sign_in_by_form(page)
        expect(page).to_have_url(f"{site.url}/servers/")
    finally:
        site.front.adds = {}
