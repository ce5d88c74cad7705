"""Parts that ask for themselves anew: how often, and until nothing is left to wait for or nobody answers."""

import re

from playwright.sync_api import Page, expect

from replicas_app.choices import RescanState, Role
from replicas_app.models import Rescan
from tests.factories import make_replica, make_rescan
from tests.pages.reading import PART


def polls_of(page: Page) -> list[str]:
    """The addresses of the parts that the page asks for from now on."""
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if next(iter(PART)).lower() in request.headers else None
    )
    return asked


def open_rescan(page: Page, sign_in) -> Rescan:
    sign_in(role=Role.VIEWER)
    rescan = make_rescan(make_replica(name="tier 1"), session_state="Working", progress=10)
    page.clock.install()
    page.goto(rescan.get_absolute_url())
    return rescan


def end(rescan: Rescan) -> None:
    Rescan.objects.filter(pk=rescan.pk).update(
        state=RescanState.SUCCEEDED, ended_at=rescan.created_at, next_poll_at=None
    )


def test_after_the_end_the_page_asks_no_more(page, sign_in, live_server):
    sign_in(role=Role.VIEWER)
    rescan = make_rescan(make_replica())
    page.clock.install()
    page.goto(rescan.get_absolute_url())
    with page.expect_response(lambda answer: answer.status == 204):
        page.clock.fast_forward("00:02")

    end(rescan)
    page.clock.fast_forward("00:02")
    expect(page.get_by_role("heading", name="Ended with success")).to_be_visible()
    asked = polls_of(page)
    page.clock.fast_forward("05:00")

    assert asked == []


def test_a_hidden_page_asks_rarely_and_at_once_when_it_is_seen_again(page, sign_in, live_server):
    sign_in(role=Role.VIEWER)
    rescan = make_rescan(make_replica())
    page.clock.install()
    page.goto(rescan.get_absolute_url())
    asked = polls_of(page)

    show(page, False)
    page.clock.run_for(25_000)
    assert asked == []

    with page.expect_response("**/rescans/*/"):
        page.clock.run_for(5_000)
    with page.expect_response("**/rescans/*/"):
        show(page, True)
    assert len(asked) == 2


def show(page: Page, is_seen: bool) -> None:
    """What a browser does when somebody looks at another tab, or comes back."""
    page.evaluate(
        """is_seen => {
            Object.defineProperty(document, "hidden", {value: !is_seen, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_seen,
    )


def test_errors_make_the_page_ask_later_and_later_and_then_give_up(page, sign_in, live_server):
    sign_in(role=Role.VIEWER)
    rescan = make_rescan(make_replica())
    page.clock.install()
    page.goto(rescan.get_absolute_url())
    page.route("**/rescans/*/", lambda route: route.fulfill(status=500, body="no"))
    asked = polls_of(page)

    for _ in range(20):
        page.clock.run_for(60_000)
        page.wait_for_load_state("networkidle")

    assert len(asked) == 8
    expect(page.get_by_role("alert")).to_contain_text("500")
    expect(page.get_by_role("link", name="Reload the page")).to_be_visible()


def test_a_poll_leaves_the_focus_and_what_somebody_selects_alone(page, sign_in, live_server):
    sign_in(role=Role.OPERATOR)
    rescan = make_rescan(make_replica(name="tier 1"), session_state="Working", progress=10)
    page.clock.install()
    page.goto(rescan.get_absolute_url())
    page.get_by_role("link", name="tier 1").focus()

    Rescan.objects.filter(pk=rescan.pk).update(progress=20, polls=1)
    page.clock.fast_forward("00:02")
    expect(page.get_by_role("heading", name="Working, 20 %")).to_be_visible()
    expect(page.get_by_role("link", name="tier 1")).to_be_focused()

    page.evaluate("getSelection().selectAllChildren(document.querySelector('.steps'))")
    Rescan.objects.filter(pk=rescan.pk).update(progress=30, polls=2)
    page.clock.fast_forward("00:10")
    expect(page.get_by_role("heading", name="Working, 20 %")).to_be_visible()
    page.evaluate("getSelection().removeAllRanges()")
    page.clock.fast_forward("00:02")
    expect(page.get_by_role("heading", name="Working, 30 %")).to_be_visible()


def test_what_is_gone_is_asked_for_once_more_and_never_again(page, sign_in, live_server):
    open_rescan(page, sign_in)
    asked = polls_of(page)

    Rescan.objects.all().delete()
    with page.expect_response(lambda answer: answer.status == 404):
        page.clock.fast_forward("00:02")
    page.clock.run_for(300_000)

    assert len(asked) == 1
    expect(page.get_by_role("alert")).to_be_visible()


def test_a_lost_connection_is_told_and_the_page_goes_on_when_it_is_back(page, sign_in, live_server):
    rescan = open_rescan(page, sign_in)
    page.context.set_offline(True)
    page.clock.fast_forward("00:02")
    expect(page.get_by_role("alert")).to_contain_text("Connection lost.")

    page.context.set_offline(False)
    Rescan.objects.filter(pk=rescan.pk).update(progress=20, polls=1)
    page.clock.run_for(10_000)

    expect(page.get_by_role("heading", name="Working, 20 %")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_whose_login_has_ended_goes_to_the_login_instead_of_asking_on(page, sign_in, live_server):
    open_rescan(page, sign_in)

    page.context.clear_cookies()
    page.clock.fast_forward("00:02")

    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/rescans/\d+/$"))


def test_the_list_follows_a_rescan_and_back_leads_where_one_was(page, sign_in, live_server):
    sign_in(role=Role.VIEWER)
    rescan = make_rescan(make_replica(), session_state="Working", progress=10)
    page.clock.install()
    page.goto("/servers/")
    page.goto("/rescans/?state=running")
    expect(page.get_by_text("Working, 10 %")).to_be_visible()

    Rescan.objects.filter(pk=rescan.pk).update(progress=60, polls=1)
    page.clock.fast_forward("00:03")
    expect(page.get_by_text("Working, 60 %")).to_be_visible()
    page.go_back()

    expect(page).to_have_url(re.compile(r"/servers/$"))
