"""What one looks at: the focus, errors, and rows that are being asked for; without motion, and on paper."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tests.factories import make_person, make_replica, make_server, make_sync_run

COVERED = """() => {
    const one = document.activeElement, box = one.getBoundingClientRect();
    const seen = document.elementFromPoint(box.x + Math.min(box.width, 20) / 2, box.y + box.height / 2);
    return one.contains(seen) ? "" : one.outerHTML.slice(0, 120);
}"""
"""What has the focus, where something else lies over it."""


def test_an_error_is_told_in_sight_wherever_one_is_in_a_long_page(page, sign_in):
    sign_in()
    make_replica(make_server())
    page.set_viewport_size({"width": 1280, "height": 300})
    page.goto("/replicas/")
    page.route("**/rescans/new/*", lambda route: route.fulfill(status=502))
    page.mouse.wheel(0, 10_000)

    page.get_by_role("link", name="Rescan Replicate").click()

    expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_what_has_the_focus_is_not_under_the_head_or_a_column_that_stays(page, sign_in, replicas):
    sign_in()
    page.set_viewport_size({"width": 1280, "height": 600})
    page.goto("/replicas/")
    page.locator("#list tbody td:nth-last-child(4) a").nth(40).focus()
    covered = []

    for _ in range(180):
        page.keyboard.press("Shift+Tab")
        covered.append(page.evaluate(COVERED))

    assert [one for one in covered if one] == []


@pytest.mark.parametrize("width", [1280, 390])
def test_what_has_the_focus_is_not_under_the_bar_of_what_is_ticked(page, sign_in, replicas, width):
    sign_in()
    page.set_viewport_size({"width": width, "height": 700})
    page.goto("/replicas/")
    page.locator("#list .tick input[name=id]").first.check()
    covered = []

    for _ in range(40):
        page.keyboard.press("j")
        covered.append(page.evaluate(COVERED))

    assert [one for one in covered if one] == []


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("/replicas/?state=Ready&q=alpha", "Remove state Ready"),
        ("/replicas/?state=Ready", "Clear all"),
        ("/replicas/?q=nobody", "Clear the filters"),
    ],
)
def test_the_keyboard_stays_at_the_list_when_what_had_the_focus_is_gone(page, sign_in, replicas, address, way):
    sign_in()
    page.goto(address)
    page.get_by_role("link", name=way).focus()

    page.keyboard.press("Enter")

    expect(page.get_by_role("region", name="Replicas")).to_be_focused()
    expect(page.locator("#total")).to_have_text("30" if "alpha" in address else "60")


@pytest.mark.parametrize(("address", "button"), [("/servers/add/", "Connect"), ("/people/add/", "Add person")])
def test_a_form_with_something_wrong_leads_the_keyboard_to_the_first_field_of_it(page, sign_in, address, button):
    sign_in(make_person("anna", role="admin"))
    make_server("vbr-oslo")
    page.goto(address)
    name = page.get_by_label("Name", exact=True).or_(page.get_by_label("User name")).first
    name.fill("vbr-oslo" if "server" in address else "anna")

    page.get_by_role("button", name=button).press("Enter")

    expect(page.get_by_role("alert").first).to_be_visible()
    expect(name).to_be_focused()


@pytest.mark.parametrize("head", [False, True], ids=["typed", "sorted"])
def test_rows_of_the_wish_before_are_pale_while_a_slow_server_works_on_the_next(page, sign_in, replicas, head):
    sign_in()
    page.goto("/replicas/")
    page.route("**/replicas/?*", lambda route: None)  # its answer never comes

    page.locator("#sort-state").click() if head else page.locator("#q").fill("alpha")
    expect(page.locator("#list > .table")).to_have_css("opacity", "0.5")
    page.unroute("**/replicas/?*")
    page.locator("#q").fill("beta-01")

    expect(page.locator("#total")).to_have_text("1")
    expect(page.locator("#list > .table")).to_have_css("opacity", "1")


def test_days_that_could_not_be_counted_are_asked_for_once_more(page, clock, sign_in):
    sign_in()
    make_replica(make_server())
    page.route("**/?part=days", lambda route: route.fulfill(status=502), times=1)
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("502")
    expect(page.get_by_text("counting…")).to_be_visible()

    clock.advance(61)

    expect(page.locator("#days svg")).to_be_attached()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_without_motion_a_bar_that_knows_no_share_shows_none(page, sign_in):
    sign_in()
    server = make_server()
    run = make_sync_run(server, state="running", ended_at=None)
    page.emulate_media(reduced_motion="reduce")

    page.goto(run.get_absolute_url())

    bar = page.get_by_role("progressbar")
    assert _width(page, ".somewhere") == bar.bounding_box()["width"]


def _width(page: Page, selector: str) -> float:
    return page.locator(selector).bounding_box()["width"]


def test_on_paper_all_columns_fit_and_the_cause_of_each_failed_read_is_unfolded(page, sign_in, replicas):
    sign_in()
    servers = [make_server(last_error=f"Fault {number}.", last_error_cause="server") for number in range(5)]
    page.set_viewport_size({"width": 1034, "height": 700})
    page.goto("/replicas/")
    page.emulate_media(media="print")

    for number in range(len(servers)):
        expect(page.get_by_text(f"Fault {number}.")).to_be_visible()
    expect(page.locator("#export")).to_be_hidden()
    expect(page.get_by_role("link", name="25 rows")).to_be_hidden()
    assert page.evaluate("document.scrollingElement.scrollWidth") == 1034


def test_a_window_that_is_zoomed_four_times_has_room_for_the_page(page, sign_in, replicas):
    sign_in()
    page.set_viewport_size({"width": 320, "height": 256})
    page.goto("/replicas/")

    page.mouse.wheel(0, 600)

    expect(page.locator(".top")).not_to_be_in_viewport()
    assert page.locator("#list .table").bounding_box()["height"] >= 250
    assert page.evaluate("document.scrollingElement.scrollWidth") == 320


@pytest.mark.parametrize("width", [640, 960, 1201, 1280])
def test_all_places_are_within_reach_of_a_mouse_from_a_small_window_on(page, sign_in, width):
    sign_in(make_person("somebody.with.a.long.name@example.com", role="admin"))
    make_server(last_full_at=timezone.now() - timedelta(hours=9, minutes=30))
    page.set_viewport_size({"width": width, "height": 700})

    page.goto("/people/")

    assert page.evaluate("[...document.querySelectorAll('.places')].map(one => one.scrollWidth - one.clientWidth)") == [
        0
    ]


def test_without_javascript_no_button_is_shown_that_would_need_it(chromium: Browser, live_server, client):
    person = make_person(role="admin")
    make_replica(make_server())
    client.force_login(person)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()

    page.goto("/replicas/")

    expect(page.get_by_role("button", name="Rescan selected…")).to_be_visible()
    expect(page.get_by_role("button", name="Unselect all")).to_have_count(0)
    page.goto("/")
    expect(page.get_by_role("link", name="Count them")).to_be_visible()
    expect(page.get_by_text("counting…")).to_be_hidden()
    context.close()
