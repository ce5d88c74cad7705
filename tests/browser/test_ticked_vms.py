"""VMs that are ticked to be rescanned, in a real browser: a rescan is of replicas, and several VMs may share one."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from replicas_app.choices import Role
from replicas_app.models import Replica, Rescan
from tests.factories import make_replica, make_server, make_vm


@pytest.fixture
def tiers(live_server) -> list[Replica]:
    """Twenty replicas of two VMs each. A page of 25 has the first VM of all of them, and the second one of five."""
    server = make_server("lab")
    tiers = [make_replica(server, f"tier-{number:02}") for number in range(20)]
    for number, replica in enumerate(tiers):
        for row in "ab":
            make_vm(replica, f"{row}-{number:02}", point_count=1)
    return tiers


def tick(page: Page, vm: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {vm} on tier-{vm[-2:]}", exact=True)


def ticked(page: Page) -> Locator:
    return page.locator("#list tbody .tick input:checked")


def test_the_vms_of_one_replica_are_ticked_together_and_the_bar_counts_both(page, sign_in, tiers):
    sign_in(role=Role.OPERATOR)
    page.goto("/vms/?per_page=25")
    bar = page.locator("#picked strong")

    tick(page, "a-10").check()
    expect(bar).to_have_text("1 replica selected")
    tick(page, "a-00").check()
    expect(tick(page, "b-00")).to_be_checked()
    expect(bar).to_have_text("3 VMs of 2 replicas selected")
    expect(page.get_by_role("status")).to_have_text("3 VMs of 2 replicas selected")
    tick(page, "b-00").uncheck()
    expect(tick(page, "a-00")).not_to_be_checked()
    expect(bar).to_have_text("1 replica selected")


def test_ticks_are_held_across_pages_and_back_and_are_those_of_the_list_of_replicas(page, sign_in, tiers):
    sign_in(role=Role.OPERATOR)
    page.goto("/vms/?per_page=25")
    bar = page.locator("#picked strong")
    tick(page, "a-00").check()
    tick(page, "a-10").check()

    page.get_by_role("link", name="Next").click()
    expect(tick(page, "b-10")).to_be_checked()
    expect(bar).to_have_text("2 replicas selected, 1 on other pages")
    tick(page, "b-19").check()
    page.go_back()
    expect(bar).to_have_text("4 VMs of 3 replicas selected")
    page.get_by_role("searchbox", name="VM, replica or id").fill("tier-00")
    expect(bar).to_have_text("2 VMs of 1 replica selected, 2 more replicas on other pages")
    page.goto("/replicas/")
    expect(bar).to_have_text("3 replicas selected")
    assert [box.get_attribute("value") for box in ticked(page).all()] == [str(tiers[at].pk) for at in (0, 10, 19)]


def test_ticked_vms_are_rescanned_as_the_replicas_that_they_are_on_and_then_forgotten(page, sign_in, tiers):
    sign_in(role=Role.OPERATOR)
    page.goto("/vms/?q=-01")
    for vm in ("a-01", "b-01"):
        tick(page, vm).check()
    page.goto("/vms/?q=-02")
    tick(page, "b-02").check()

    page.get_by_role("button", name="Rescan selected…").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_url(re.compile(r"/vms/\?q=-02$"))
    page.get_by_role("button", name="Rescan selected…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rescan 2 replicas on lab?")
    page.get_by_role("button", name="Rescan 2 replicas").click()
    expect(page).to_have_url(re.compile(r"/rescans/\d+/$"))
    page.goto("/vms/")

    assert list(Rescan.objects.get().replicas.order_by("pk")) == tiers[1:3]
    expect(page.locator("#picked")).to_be_hidden()
    expect(ticked(page)).to_have_count(0)


def test_a_page_of_vms_is_ticked_by_one_box_by_a_range_and_by_keys(page, sign_in, tiers):
    sign_in(role=Role.OPERATOR)
    page.goto("/vms/?per_page=25")
    bar, whole_page = page.locator("#picked strong"), page.get_by_role("checkbox", name="Select all on this page")

    whole_page.check()
    expect(bar).to_have_text("25 VMs of 20 replicas selected")
    tick(page, "b-04").click()
    expect(bar).to_have_text("23 VMs of 19 replicas selected")
    expect(whole_page).to_have_js_property("indeterminate", True)
    page.get_by_role("button", name="Unselect all").click()
    expect(ticked(page)).to_have_count(0)

    tick(page, "a-17").click()
    tick(page, "a-19").click(modifiers=["Shift"])
    expect(bar).to_have_text("3 replicas selected")
    page.get_by_role("link", name="a-00", exact=True).focus()
    page.keyboard.press("x")
    expect(bar).to_have_text("5 VMs of 4 replicas selected")
    tick(page, "a-06").focus()
    page.keyboard.press("Space")
    expect(bar).to_have_text("6 VMs of 5 replicas selected")
