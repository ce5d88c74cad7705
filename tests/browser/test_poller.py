"""Parts that ask for themselves anew: how often, and until nothing is left to wait for or nobody answers."""

import re

import pytest
from playwright.sync_api import Page, expect

from replicas_app.choices import RescanState, Role
from replicas_app.models import Rescan
from tests.factories import make_replica, make_rescan

SECONDS = 2
"""How long the page of a young rescan waits before it asks."""


@pytest.fixture
def rescan(page, clock, sign_in, live_server) -> Rescan:
    """One at work, whose page a viewer has opened."""
    sign_in(role=Role.VIEWER)
    rescan = make_rescan(make_replica(name="tier 1"), session_state="Working", progress=10)
    page.goto(rescan.get_absolute_url())
    return rescan


def end(rescan: Rescan) -> None:
    Rescan.objects.filter(pk=rescan.pk).update(
        state=RescanState.SUCCEEDED, ended_at=rescan.created_at, next_poll_at=None
    )


def move(rescan: Rescan, progress: int) -> None:
    Rescan.objects.filter(pk=rescan.pk).update(progress=progress, polls=progress)


def test_after_the_end_the_page_asks_no_more(page, clock, rescan):
    assert clock.advance(SECONDS) == [rescan.get_absolute_url()]

    end(rescan)
    clock.advance(SECONDS)

    expect(page.get_by_role("heading", name="Ended with success")).to_be_visible()
    assert clock.advance(300) == []


def test_a_hidden_page_asks_rarely_and_at_once_when_it_is_seen_again(page, clock, rescan):
    show(page, False)
    asked = [len(clock.advance(seconds)) for seconds in (29, 1, 29)]
    show(page, True)
    asked.append(len(clock.advance(0)))

    assert asked == [0, 1, 0, 1]


def show(page: Page, is_seen: bool) -> None:
    """What a browser does when somebody looks at another tab, or comes back."""
    page.evaluate(
        """is_seen => {
            Object.defineProperty(document, "hidden", {value: !is_seen, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_seen,
    )


def test_errors_make_the_page_ask_later_and_later_and_then_give_up(page, clock, rescan):
    page.route("**/rescans/*/", lambda route: route.fulfill(status=500, body="no"))

    for wait in (2, 4, 8, 16, 32, 60, 60, 60):
        asked_before_and_then = clock.advance(wait - 1), clock.advance(1)
        assert asked_before_and_then == ([], [rescan.get_absolute_url()])

    assert clock.advance(1200) == []
    expect(page.get_by_role("alert")).to_contain_text("500")
    expect(page.get_by_role("link", name="Reload the page")).to_be_visible()


def test_a_poll_leaves_the_focus_and_what_somebody_selects_alone(page, clock, rescan):
    page.get_by_role("link", name="tier 1").focus()

    move(rescan, 20)
    clock.advance(SECONDS)
    expect(page.get_by_role("heading", name="Working, 20 %")).to_be_visible()
    expect(page.get_by_role("link", name="tier 1")).to_be_focused()

    page.evaluate("getSelection().selectAllChildren(document.querySelector('.steps'))")
    move(rescan, 30)
    assert clock.advance(10) == []
    expect(page.get_by_role("heading", name="Working, 20 %")).to_be_visible()
    page.evaluate("getSelection().removeAllRanges()")
    clock.advance(SECONDS)
    expect(page.get_by_role("heading", name="Working, 30 %")).to_be_visible()


def test_what_is_gone_is_asked_for_once_more_and_never_again(page, clock, rescan):
    Rescan.objects.all().delete()

    asked = clock.advance(SECONDS), clock.advance(300)

    assert asked == ([rescan.get_absolute_url()], [])
    expect(page.get_by_role("alert")).to_be_visible()


def test_a_lost_connection_is_told_and_the_page_goes_on_when_it_is_back(page, clock, rescan):
    page.route("**/rescans/*/", lambda route: route.abort("internetdisconnected"))
    clock.advance(SECONDS)
    expect(page.get_by_role("alert")).to_contain_text("Connection lost.")

    page.unroute("**/rescans/*/")
    move(rescan, 20)
    clock.advance(2 * SECONDS)

    expect(page.get_by_role("heading", name="Working, 20 %")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_whose_login_has_ended_goes_to_the_login_instead_of_asking_on(page, rescan):
    page.context.clear_cookies()

    page.clock.run_for(SECONDS * 1000)

    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/rescans/\d+/$"))


def test_the_list_follows_a_rescan_and_back_leads_where_one_was(page, clock, rescan):
    page.goto("/servers/")
    page.goto("/rescans/?state=running")
    expect(page.get_by_text("Working, 10 %")).to_be_visible()

    move(rescan, 60)
    clock.advance(3)
    expect(page.get_by_text("Working, 60 %")).to_be_visible()
    page.go_back()

    expect(page).to_have_url(re.compile(r"/servers/$"))
