"""What axe finds on every page, in both themes, wide and narrow: nothing. And all of it is reached by the keyboard."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import get_resolver, resolve
from playwright.sync_api import Page, expect

from replicas_app.choices import Role
from tests.factories import make_person
from tests.scene import Scene, link_for, set_scene

ALL_RULES = {"resultTypes": ["violations"]}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
"""What can differ between two themes."""
ACTS = {"logout", "rescan-start", "server-toggle", "server-test", "server-sync", "person-role", "person-reactivate"}
"""Addresses that only take a form."""
ELSEWHERE = {"login", "password-set", "healthz", "readyz", "rescan-acts"}
"""Those for people who are signed out, which have tests of their own, those for machines, and parts without a page."""


@pytest.fixture
def scene(sign_in) -> Scene:
    return set_scene(sign_in())


def findings(page: Page) -> list[str]:
    """What axe finds, in light and in dark: one line for each element."""
    return [line for theme, rules in (("light", ALL_RULES), ("dark", COLOURS)) for line in _found(page, theme, rules)]


def _found(page: Page, theme: str, rules: dict[str, object]) -> list[str]:
    page.emulate_media(color_scheme=theme)
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("rules => axe.run(rules).then(found => found.violations)", rules)
    return [f"{theme}, {one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


STICKING_OUT = """() => [...document.querySelectorAll("main :is(a, button, input, select, p, h1, h2, dt, dd, li)")]
    .filter(one => one.checkVisibility() && !one.closest(".table, .hush, svg"))
    .filter(one => one.getBoundingClientRect().right > one.closest(".notice, .sheet, .ask, dialog, main")
        .getBoundingClientRect().right + 0.5)
    .map(one => one.outerHTML.slice(0, 200))"""
"""What is wider than the box in which it stands; a table scrolls in its own."""


def width_of(page: Page) -> int:
    return page.evaluate("document.scrollingElement.scrollWidth")


def test_the_scene_has_every_page(scene):
    shown = {resolve(address.partition("?")[0]).url_name for name, address in scene.pages.items() if name != "no page"}

    assert (
        shown
        == {name for name in get_resolver("replicas_app.urls").reverse_dict if isinstance(name, str)} - ACTS - ELSEWHERE
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_the_screen(page, scene, width):
    page.set_viewport_size({"width": width, "height": 844})
    found, widths = {}, {}

    for name, address in scene.pages.items():
        page.goto(address)
        found[name], widths[name] = findings(page) + page.evaluate(STICKING_OUT), width_of(page)

    assert {name: lines for name, lines in found.items() if lines} == {}
    assert widths == dict.fromkeys(widths, width)


def test_axe_finds_nothing_where_somebody_is_signed_out(page, live_server):
    page.set_viewport_size({"width": 390, "height": 844})
    found, widths = {}, {}

    for address in ("/accounts/login/", link_for(make_person()), "/accounts/password/set/MQ/no-such-token/"):
        page.goto(address)
        found[address], widths[address] = findings(page), width_of(page)

    assert found == {place: [] for place in found}
    assert widths == dict.fromkeys(widths, 390)


def test_axe_finds_nothing_where_there_is_nothing_yet_and_where_a_role_does_not_reach(page, sign_in, live_server):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(role=Role.VIEWER)
    found = {}

    for address in ("/", "/replicas/", "/vms/", "/restore-points/", "/rescans/", "/servers/", "/people/"):
        page.goto(address)
        found[address] = findings(page)

    assert found == {place: [] for place in found}


def test_axe_finds_nothing_in_what_opens_over_a_page(page, scene):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/replicas/")
    found = {}

    page.locator(".top .menu summary").click()
    found["menu"] = findings(page)
    page.keyboard.press("Escape")
    page.locator("#export").click()
    found["export"] = findings(page)
    page.keyboard.press("Escape")
    page.locator("summary#filters").click()
    found["filters"] = findings(page)
    page.locator("summary#filters").click()
    page.locator("#list tbody .tick input").first.check()
    found["selection"] = findings(page)
    page.goto(scene.server.get_absolute_url())
    page.get_by_role("link", name="Remove…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found["dialog"] = findings(page)

    assert found == {place: [] for place in found}
    assert width_of(page) == 390


NOWHERE = "BODY"
PARTS_OF_TIMES = 40
"""Day, month and so on of the fields for times are stops of their own within theirs."""
TABBABLE = """() => {
    const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
    const usable = all.filter(one => !one.disabled && one.type !== "hidden");
    const seen = usable.filter(one => one.checkVisibility({visibilityProperty: true}));
    const groups = new Set();
    const stops = seen.filter(one => one.type !== "radio" || !groups.has(one.name) && groups.add(one.name));
    stops.forEach((one, place) => one.dataset.stop = place);
    return stops.map(one => one.outerHTML.slice(0, 120));
}"""
FOCUSED = """() => {
    const one = document.activeElement, style = getComputedStyle(one);
    const stop = one.type === "radio" ? document.querySelector(`[name="${one.name}"][data-stop]`) : one;
    return [stop.dataset.stop ?? one.tagName, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
}"""


@pytest.mark.parametrize(
    "name", ["overview", "replicas", "vms", "ReplicaVM", "restore-points", "server", "server-add", "sync-run", "person"]
)
def test_tab_reaches_everything_in_the_order_of_the_page_and_shows_where_one_is(page, clock, scene, name):
    page.goto(scene.pages[name])
    clock.advance(1)  # what a page asks for at once is there, and from now on no part is swapped
    stops = page.evaluate(TABBABLE)
    walked, marked = [], set()

    for _ in range(len(stops) + PARTS_OF_TIMES):
        page.keyboard.press("Tab")
        stop, is_marked = page.evaluate(FOCUSED)
        if stop == NOWHERE:
            break
        walked += [stop] if walked[-1:] != [stop] else []
        marked |= {stop} if is_marked else set()

    assert [stops[int(stop)] for stop in walked] == stops
    assert [stops[int(stop)] for stop in walked if stop not in marked] == []


def test_escape_closes_the_menu_and_gives_the_focus_back(page, scene):
    page.goto("/servers/")
    page.locator(".top .menu summary").focus()

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="People")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="People")).to_be_hidden()
    expect(page.locator(".top .menu summary")).to_be_focused()


def test_escape_closes_the_question_of_a_row_and_gives_the_focus_back(page, scene):
    page.goto("/replicas/")
    ask = page.locator("#list tbody .act a").first
    ask.focus()

    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(ask).to_be_focused()


def test_the_way_past_the_bar_is_the_first_stop(page, scene):
    page.goto("/replicas/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()
