"""The list of what changed in a real browser: ticking, Back, and a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from replicas_app.choices import EventKind
from tests.factories import make_event, make_point, make_replica, make_server, make_sync_run, make_vm

ENDS_BEFORE_WHAT_FOLLOWS = """link => {
    const rest = document.createRange();
    rest.selectNodeContents(link.nextSibling);
    return link.getBoundingClientRect().right <= rest.getBoundingClientRect().left;
}"""
WIDER_THAN_ITS_BOX = "one => one.scrollWidth > one.clientWidth"


@pytest.fixture
def night(live_server) -> None:
    """Ten replicas that appeared; three points that were found infected."""
    server = make_server("vbr-oslo")
    run = make_sync_run(server)
    for number in range(10):
        make_event(make_replica(server, f"Replicate tier {number}"), EventKind.APPEARED, new="Ready", run=run)
    vm = make_vm(make_replica(server, "Replicate scada"), "scada-gateway-production-03-with-a-long-name")
    for _ in range(3):
        make_event(make_point(vm), EventKind.MALWARE, "Clean", "Infected", run=run)


def total(page: Page):
    return page.locator("[data-total]")


def test_a_tick_narrows_the_list_and_back_brings_the_others_back(page, sign_in, night):
    sign_in()
    page.goto("/activity/")

    page.get_by_role("checkbox", name="Infected").check()

    expect(total(page)).to_have_text("3")
    expect(page).to_have_url(re.compile(r"/activity/\?malware=Infected$"))
    expect(page.get_by_role("checkbox", name="Infected")).to_be_checked()
    page.go_back()
    expect(total(page)).to_have_text("13")
    expect(page.get_by_role("checkbox", name="Infected")).not_to_be_checked()


def test_on_a_phone_each_sentence_is_whole_without_scrolling_sideways(page, sign_in, night):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in()

    page.goto("/activity/")

    expect(page.locator("tr[data-event]")).to_have_count(13)
    assert not page.locator(".table.events").evaluate(WIDER_THAN_ITS_BOX)
    expect(page.locator("tr[data-event] .pill").first).to_be_in_viewport()


def test_a_name_that_turns_the_direction_of_writing_leaves_the_rest_of_its_sentence_in_place(page, sign_in):
    make_event(make_replica(make_server(), "\u202ereversed"), EventKind.APPEARED, new="Ready")
    sign_in()

    page.goto("/activity/")

    assert page.locator("td.says a").first.evaluate(ENDS_BEFORE_WHAT_FOLLOWS)
