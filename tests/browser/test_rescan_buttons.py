"""Buttons of a rescan that cannot be pressed right now: they tell why, and come back without a reload."""

import re

import pytest
from playwright.sync_api import expect

from replicas_app.choices import Role
from tests.browser.test_poller import end
from tests.factories import make_person, make_replica, make_rescan
from tests.rescans.test_cool_down import rescanned


@pytest.mark.parametrize("is_own_page", [False, True], ids=["in the list", "on its own page"])
def test_a_button_that_rests_tells_why_and_can_be_pressed_again_without_a_reload(
    page, clock, sign_in, live_server, settings, is_own_page
):
    settings.RESCAN_COOL_DOWN_SECONDS = 3600
    sign_in(role=Role.OPERATOR)
    replica = make_replica(name="tier 1")
    rescanned(replica, 20, asked_by=make_person("anna"))
    page.goto(replica.get_absolute_url() if is_own_page else "/replicas/")
    button = page.get_by_role("link", name="Rescan replica tier 1" if is_own_page else "Rescan tier 1")
    why = re.compile(r"Rescanned \d+ s ago by anna; again in 59 min \d\d s")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description(why)

    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Nothing can be rescanned right now")
    expect(dialog).to_contain_text("tier 1 was rescanned")
    expect(dialog.get_by_role("button", name="Rescan")).to_have_count(0)
    dialog.get_by_role("link", name="Close").click()

    settings.RESCAN_COOL_DOWN_SECONDS = 0
    clock.advance(5)
    expect(button).to_be_enabled()
    expect(button).to_be_focused()
    expect(page.locator("[data-poll]")).to_have_count(0)
    button.click()
    expect(page.get_by_role("button", name="Rescan tier 1")).to_be_visible()


def test_rescan_again_can_be_pressed_without_a_reload_once_the_rest_is_over(
    page, clock, sign_in, live_server, settings
):
    settings.RESCAN_COOL_DOWN_SECONDS = 3600
    sign_in(role=Role.OPERATOR)
    replica = make_replica()
    rescanned(replica, 20)
    page.goto(replica.rescans.get().get_absolute_url())
    button = page.get_by_role("link", name="Rescan again…")
    expect(button).to_be_disabled()
    expect(page.get_by_text(re.compile("^Rescanned .* ago by the shell; again in"))).to_be_visible()

    settings.RESCAN_COOL_DOWN_SECONDS = 0
    clock.advance(5)

    expect(button).to_be_enabled()
    expect(page.locator("[data-poll]")).to_have_count(0)


def test_a_list_learns_by_itself_that_a_replica_is_no_longer_in_a_rescan(page, clock, sign_in, live_server):
    sign_in(role=Role.OPERATOR)
    replica = make_replica(name="tier 1")
    rescan = make_rescan(replica)
    page.goto("/replicas/")
    expect(page.get_by_role("link", name="In a rescan")).to_be_visible()

    end(rescan)
    rescan.members.update(is_open=False)
    clock.advance(15)

    expect(page.get_by_role("link", name="Rescan tier 1")).to_be_enabled()
