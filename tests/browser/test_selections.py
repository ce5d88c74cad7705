"""Rows in a real browser: selecting them across pages, asking for one of them, by mouse, by keys, without scripts."""

import re

from playwright.sync_api import expect

from replicas_app.choices import Role
from tests.browser.lists import rows, search


def test_a_selection_is_held_across_pages_and_filters_and_sent_whole(page, sign_in, replicas):
    sign_in(role=Role.OPERATOR)
    page.goto("/replicas/?per_page=25")
    expect(page.locator("#picked")).to_be_hidden()

    page.get_by_role("checkbox", name="Select alpha-00").check()
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("26–50")
    page.get_by_role("checkbox", name="Select all on this page").check()
    expect(page.locator("#picked")).to_contain_text("26 replicas selected, 1 on other pages")
    search(page).fill("alpha-00")
    expect(page.locator("#picked")).to_contain_text("26 replicas selected, 25 on other pages")
    expect(page.get_by_role("checkbox", name="Select alpha-00")).to_be_checked()
    with page.expect_request("**/rescans/new/") as sent:
        page.get_by_role("button", name="Rescan selected…").click()

    ids = re.search(r'name="id"\r\n\r\n([\d,]+)|(?:^|&)id=([\d%C,]+)', sent.value.post_data)
    assert len((ids[1] or ids[2].replace("%2C", ",")).split(",")) == 26
    expect(page.get_by_role("heading", name=re.compile("26 replicas"))).to_be_visible()


def test_a_selection_can_be_let_go_and_survives_a_reload_until_then(page, sign_in, replicas):
    sign_in(role=Role.OPERATOR)
    page.goto("/replicas/")
    page.get_by_role("checkbox", name="Select alpha-00").check()
    page.get_by_role("checkbox", name="Select alpha-08").click(modifiers=["Shift"])
    expect(page.locator("#picked")).to_contain_text("5 replicas selected")

    page.reload()
    expect(page.locator("#picked")).to_contain_text("5 replicas selected")
    page.get_by_role("button", name="Unselect all").click()

    expect(page.locator("#picked")).to_be_hidden()
    expect(page.get_by_role("checkbox", name="Select alpha-00")).not_to_be_checked()


def test_a_selection_that_was_rescanned_is_done_with_and_one_that_was_not_is_kept(page, sign_in, replicas):
    sign_in(role=Role.OPERATOR)
    page.goto("/replicas/")
    page.get_by_role("checkbox", name="Select alpha-00").check()
    page.get_by_role("checkbox", name="Select alpha-02").check()

    page.get_by_role("button", name="Rescan selected…").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("#picked")).to_contain_text("2 replicas selected")
    page.get_by_role("button", name="Rescan selected…").click()
    page.get_by_role("button", name="Rescan 2 replicas").click()
    expect(page).to_have_url(re.compile(r"/rescans/\d+/$"))
    page.goto("/replicas/")

    expect(page.locator("#picked")).to_be_hidden()


def test_the_button_of_a_row_asks_in_a_dialog_and_leaves_the_list_alone(page, sign_in, replicas):
    sign_in(role=Role.OPERATOR)
    page.goto("/replicas/?q=alpha-00")

    page.get_by_role("link", name="Rescan alpha-00").click()

    expect(page.get_by_role("dialog")).to_contain_text("alpha-00")
    expect(page).to_have_url(re.compile(r"/replicas/\?q=alpha-00$"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert rows(page) == ["alpha-00"]


def test_j_and_k_walk_the_rows_and_x_ticks_one(page, sign_in, replicas):
    sign_in(role=Role.OPERATOR)
    page.goto("/replicas/")

    for key in "jjjkx":
        page.keyboard.press(key)

    expect(page.get_by_role("link", name="alpha-02", exact=True)).to_be_focused()
    expect(page.get_by_role("checkbox", name="Select alpha-02")).to_be_checked()


def test_without_javascript_the_form_narrows_and_the_ticks_of_a_page_are_sent(
    chromium, live_server, sign_in, replicas, page
):
    sign_in(role=Role.OPERATOR)
    plain = chromium.new_context(
        base_url=live_server.url, java_script_enabled=False, viewport={"width": 1280, "height": 2400}
    )
    plain.add_cookies(page.context.cookies())
    without = plain.new_page()
    without.goto("/replicas/?sort=-name&per_page=25")

    search(without).fill("alpha")
    without.get_by_role("checkbox", name=re.compile("^Failover")).check()
    without.get_by_role("button", name="Show", exact=True).click()
    assert rows(without) == [f"alpha-{number:02}" for number in (54, 48, 42, 36, 30, 24, 18, 12, 6, 0)]
    without.get_by_role("checkbox", name="Select alpha-54").check()
    without.get_by_role("checkbox", name="Select alpha-48").check()
    without.get_by_role("button", name="Rescan selected…").click()

    expect(without.get_by_role("heading", name=re.compile("2 replicas"))).to_be_visible()
    plain.close()
