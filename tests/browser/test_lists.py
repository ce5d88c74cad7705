"""The lists in a real browser: typing, ticking, Back, narrow screens."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Route, expect

from replicas_app.choices import Role, SyncState
from replicas_app.filters import facets
from replicas_app.models import BackupServer, SyncRun
from tests.browser.lists import rows, search, total
from tests.factories import make_point, make_replica, make_server, make_sync_run, make_vm


def test_typing_narrows_the_list_and_keeps_focus_text_and_address(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/?sort=-name&page=2")

    search(page).press_sequentially("alpha-1", delay=20)

    expect(total(page)).to_have_text("5")
    expect(page).to_have_url(re.compile(r"/replicas/\?q=alpha-1&sort=-name$"))
    expect(search(page)).to_be_focused()
    expect(search(page)).to_have_value("alpha-1")
    expect(page.locator("#announce")).to_have_text("5 replicas")
    assert rows(page) == [f"alpha-{number}" for number in (18, 16, 14, 12, 10)]


def test_what_was_typed_before_the_scripts_were_there_is_asked_for(page, sign_in, replicas):
    sign_in()

    def type_first(route: Route) -> None:
        search(page).press_sequentially("alpha-1")
        route.continue_()

    page.route(re.compile(r"/lists[^/]*\.js"), type_first)
    page.goto("/replicas/")

    expect(total(page)).to_have_text("5")
    expect(page).to_have_url(re.compile(r"/replicas/\?q=alpha-1$"))


def test_the_last_wish_wins_however_late_an_earlier_answer_comes(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/")
    slow = re.compile(r"q=alpha(&|$)")
    page.route(slow, lambda route: None)  # its answer never comes

    with page.expect_request(slow) as earlier:
        search(page).fill("alpha")
    with page.expect_event("requestfailed", lambda request: request == earlier.value):
        search(page).fill("beta-01")

    expect(total(page)).to_have_text("1")
    expect(page).to_have_url(re.compile(r"/replicas/\?q=beta-01$"))
    assert rows(page) == ["beta-01"]


def test_a_tick_keeps_its_focus_and_the_other_facets_are_counted_anew(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/")

    page.get_by_role("checkbox", name=re.compile("^Failover")).focus()
    page.keyboard.press("Space")

    expect(total(page)).to_have_text("20")
    expect(page.get_by_role("checkbox", name=re.compile("^Failover"))).to_be_focused()
    expect(page.get_by_role("checkbox", name=re.compile("^Failover"))).to_be_checked()
    expect(page.get_by_role("checkbox", name=re.compile("vbr-oslo"))).to_have_accessible_name("vbr-oslo 10")
    expect(page).to_have_url(re.compile(r"\?state=Failover$"))


def test_back_through_many_filters_shows_each_list_with_its_frame(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/")
    wishes = [f"alpha-{number}" for number in range(0, 30, 2)]
    for wish in wishes:
        search(page).fill(wish)
        expect(page).to_have_url(re.compile(f"q={wish}$"))
    page.locator("#list tbody td.stay a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("alpha-28")

    for wish in reversed(wishes):
        page.go_back()
        expect(page).to_have_url(re.compile(f"q={wish}$"))
        expect(search(page)).to_have_value(wish)
        expect(page.locator(".chip")).to_contain_text(wish)
        expect(page.locator("header.top")).to_be_visible()
    page.go_back()

    expect(page).to_have_url(re.compile("/replicas/$"))
    expect(total(page)).to_have_text("60")
    page.go_forward()
    expect(page.locator(".chip")).to_contain_text("alpha-0")


def test_back_while_a_page_still_waits_for_its_scripts_shows_the_list_of_its_address(page, sign_in, replicas):
    def go_back_first(route: Route) -> None:
        page.evaluate("history.back()")
        expect(page).to_have_url(re.compile(r"/replicas/$"))
        route.continue_()

    sign_in()
    page.goto("/replicas/")
    search(page).fill("alpha")
    expect(total(page)).to_have_text("30")
    page.route(re.compile(r"/htmx[^/]*\.js"), go_back_first, times=1)
    page.reload()

    expect(total(page)).to_have_text("60")
    expect(page).to_have_url(re.compile(r"/replicas/$"))
    page.go_forward()
    expect(total(page)).to_have_text("30")


def test_reloading_and_opening_the_address_elsewhere_show_the_same(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/")
    search(page).fill("beta")
    expect(total(page)).to_have_text("30")
    page.get_by_role("link", name="Created").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Created")
    page.get_by_role("link", name="25 rows on a page").click()
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("26–30 of 30")
    shown = rows(page)

    page.reload()
    other = page.context.new_page()
    other.goto(page.url)

    assert rows(page) == rows(other) == shown


def test_a_header_sorts_both_ways_and_keeps_focus_and_what_is_asked_for(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/?state=Failover")

    page.get_by_role("link", name="Created").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Created")
    expect(page.locator("#sort-created")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Created")

    expect(page).to_have_url(re.compile(r"\?state=Failover&sort=-created$"))
    expect(page.locator("#sort-created")).to_be_focused()
    assert rows(page)[0] == "beta-57"


def test_taking_a_chip_away_clears_its_field_and_leaves_the_others(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/?q=alpha&state=Ready")

    page.get_by_role("link", name="Remove name or id alpha").click()

    expect(page).to_have_url(re.compile(r"/replicas/\?state=Ready$"))
    expect(search(page)).to_have_value("")
    expect(page.get_by_role("checkbox", name=re.compile("^Ready"))).to_be_checked()
    expect(total(page)).to_have_text("40")


def test_a_new_filter_starts_at_the_first_page(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/?per_page=25&page=2")

    page.get_by_role("checkbox", name=re.compile("^vbr-bergen")).check()

    expect(page.locator(".pager")).to_contain_text("1–25 of 30")
    expect(page).to_have_url(re.compile(r"\?server=\d+&per_page=25$"))


def test_a_mistake_is_told_beside_the_field_without_taking_the_focus(page, sign_in, replicas):
    sign_in()
    page.goto("/replicas/")

    search(page).press_sequentially("**")

    expect(page.locator("#wrong-q")).to_contain_text("alone matches everything")
    expect(page.locator(".list [role=alert]")).to_contain_text("alone matches everything")
    expect(search(page)).to_be_focused()
    search(page).press_sequentially("7")
    expect(page.locator("#wrong-q")).to_have_text("")


def test_counts_that_take_long_come_after_the_rows(page, sign_in, live_server, monkeypatch):
    monkeypatch.setattr(facets, "LONG_COST", 0)
    vm = make_vm(make_replica(), "web-01")
    for malware in ("Clean", "Infected", "Infected"):
        make_point(vm, malware=malware)
    sign_in()

    page.goto("/restore-points/")

    expect(total(page)).to_have_text("3")
    expect(page.locator(".pager")).to_contain_text("1–3 of 3")
    page.get_by_role("checkbox", name=re.compile("^Infected")).check()
    expect(page.locator("#list tbody tr")).to_have_count(2)
    expect(total(page)).to_have_text("2")
    expect(page.get_by_role("checkbox", name=re.compile("^Clean"))).to_have_accessible_name("Clean 1")


def test_a_list_fills_by_itself_when_the_first_read_is_through(page, clock, sign_in, live_server):
    server = make_server("vbr-oslo", last_success_at=None)
    run = make_sync_run(server, state=SyncState.RUNNING, rows_read=10, rows_expected=40, ended_at=None)
    sign_in()
    page.goto("/replicas/")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")

    make_replica(server, "first")
    SyncRun.objects.filter(pk=run.pk).update(state=SyncState.SUCCEEDED, ended_at=timezone.now())
    BackupServer.objects.update(last_success_at=timezone.now())
    clock.advance(4)

    expect(total(page)).to_have_text("1")
    expect(page.locator("#list [hx-trigger]")).to_have_count(0)
    assert rows(page) == ["first"]


def test_more_than_an_address_can_hold_is_told_and_not_sent(page, sign_in, live_server):
    make_replica()
    sign_in()
    page.goto("/replicas/?" + "&".join(f"job={number:0200}" for number in range(38)))

    page.get_by_label("Job id", exact=True).fill("9" * 200)
    page.get_by_label("Policy id", exact=True).fill("8" * 200)
    page.get_by_label("Policy id", exact=True).press("Enter")

    expect(page.get_by_role("alert").filter(has_text="more than an address can hold")).to_be_visible()


def test_a_narrow_screen_scrolls_the_table_and_not_the_page_and_holds_the_first_column(page, sign_in, replicas):
    sign_in()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/replicas/?q=alpha")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    name = page.locator("#list tbody td.stay").first
    before = name.bounding_box()["x"]
    page.locator("#list .table").evaluate("table => table.scrollLeft = 300")
    assert 0 <= name.bounding_box()["x"] <= before
    page.locator("summary", has_text="Filters (1)").click()
    page.get_by_role("checkbox", name=re.compile("^Failover")).check()
    expect(page.locator("summary#filters")).to_have_text("Filters (2)")
    expect(page.get_by_role("checkbox", name=re.compile("^Failover"))).to_be_focused()


def test_a_swap_keeps_how_far_the_table_was_scrolled_sideways(page, sign_in, replicas):
    sign_in()
    page.set_viewport_size({"width": 700, "height": 844})
    page.goto("/replicas/")
    page.locator("#sort-platform-id").scroll_into_view_if_needed()
    scrolled = page.locator("#list .table").evaluate("table => table.scrollLeft")

    page.locator("#sort-platform-id").click()
    expect(page.locator("th[aria-sort]")).to_have_text("Platform id")

    assert scrolled > 100
    assert page.locator("#list .table").evaluate("table => table.scrollLeft") == scrolled


def test_a_page_of_the_list_that_was_seen_a_moment_ago_is_not_sent_again(page, sign_in, replicas, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)  # no minute ends meanwhile
    BackupServer.objects.update(data_version=1)
    sign_in(role=Role.OPERATOR)
    page.goto("/replicas/")
    answers = []
    page.on("response", lambda answer: answers.append(answer) if "hx-request" in answer.request.headers else None)

    for button, first in (("Next", "beta-41"), ("Previous", "alpha-00"), ("Next", "beta-41"), ("Previous", "alpha-00")):
        page.get_by_role("link", name=button).click()
        expect(page.locator("#list tbody td.stay").first).to_have_text(first)

    was_kept = [answer.request.all_headers().get("if-none-match") == answer.headers["etag"] for answer in answers]
    assert was_kept == [False, False, True, True]
    expect(page).to_have_url(re.compile(r"/replicas/$"))


def test_ages_in_a_part_that_the_browser_had_kept_are_brought_up_to_date_at_once(page, sign_in, replicas):
    sign_in()
    moment = (timezone.now() - timedelta(minutes=35, seconds=30)).isoformat()
    kept = f'<section id="list"><time datetime="{moment}" data-since="age">34 min</time></section>'
    page.goto("/replicas/")
    page.route(re.compile(r"page=2"), lambda route: route.fulfill(body=kept))

    page.get_by_role("link", name="Next").click()

    expect(page.locator("#list time")).to_have_text(["35 min"])
