"""Parts that ask for themselves anew, when what they ask for is gone, or nobody answers any more."""

import re

from playwright.sync_api import Page, expect

from replicas_app.choices import Role
from replicas_app.models import Rescan
from tests.factories import make_replica, make_rescan
from tests.pages.reading import PART

ASKS = "**/rescans/*/*"


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
