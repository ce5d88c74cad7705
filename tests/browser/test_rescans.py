"""A rescan in a real browser, against a backup server over HTTPS: from the button to the end."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from replicas_app import rescans, sync, tasks
from replicas_app.choices import RescanState, Role
from replicas_app.models import BackupServer, Rescan, SyncRun
from replicas_app.simulator import Simulator
from tests.factories import make_person, make_replica, make_rescan, make_server_of
from tests.rescans.test_cool_down import rescanned
from tests.syncing import do_sync


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(replicas=3, vms=1, points=2, seed=7, still=True, rescan_seconds=60) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def no_cool_down(settings) -> None:
    """A page has nothing to wait for any more once its rescan is over."""
    settings.RESCAN_COOL_DOWN_SECONDS = 0


@pytest.fixture
def server(live_server, simulator) -> BackupServer:
    """A server that was read once."""
    server = make_server_of(simulator)
    do_sync(server)
    return server


@contextmanager
def workers() -> Iterator[None]:
    """Beat and a worker in one thread: every due step is taken at once, every sync that is wished for carried out."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            for key in Rescan.objects.exclude(next_poll_at=None).values_list("pk", flat=True):
                tasks.follow_rescan(key)
            for key in SyncRun.objects.open().values_list("pk", flat=True):
                sync.sync(key)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def polls_of(page: Page) -> list[str]:
    """The addresses of the parts that the page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "hx-request" in request.headers else None)
    return asked


def test_a_click_on_rescan_leads_over_a_question_to_live_progress_and_the_outcome(page, sign_in, server, simulator):
    sign_in(role=Role.OPERATOR)
    simulator.next_result("Warning", "Host esx-04 is away.")
    replica = server.replicas.order_by("sort_key").first()
    page.goto("/replicas/")

    page.get_by_role("link", name=f"Rescan {replica.name}").click()
    dialog = page.get_by_role("dialog", name=f"Rescan {replica.name} on lab?")
    expect(dialog).to_contain_text("It changes no VM")
    dialog.get_by_label("Why").fill("points missing")
    with workers():
        dialog.get_by_role("button", name=f"Rescan {replica.name}").click()
        expect(page).to_have_url(re.compile(r"/rescans/\d+/$"))
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Rescan of {replica.name} on lab")
        expect(page.get_by_text("“points missing”")).to_be_visible()
        expect(page.get_by_role("heading", name="Starting")).to_be_visible()

        simulator.clock.advance(30)
        expect(page.get_by_role("heading", name=re.compile(r"Working, 5\d %"))).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"5\d"))

        simulator.clock.advance(60)
        expect(page.get_by_role("heading", name="Ended with a warning")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
        expect(page.locator(".notice")).to_contain_text("Host esx-04 is away.")
        expect(page.get_by_role("link", name="Read lab again")).to_be_visible()
        expect(page.get_by_role("status")).to_have_text(re.compile(r"Rescan \d+: Ended with a warning"))
        expect(page.locator("#changes")).to_have_text("Nothing changed: the replica is as before.")
        expect(page.locator("[data-poll]")).to_have_count(0)


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


@pytest.mark.parametrize("is_own_page", [False, True], ids=["in the list", "on its own page"])
def test_a_button_that_rests_tells_why_and_can_be_pressed_again_without_a_reload(
    page, sign_in, live_server, settings, is_own_page
):
    settings.RESCAN_COOL_DOWN_SECONDS = 3600
    sign_in(role=Role.OPERATOR)
    replica = make_replica(name="tier 1")
    rescanned(replica, 20, asked_by=make_person("anna"))
    page.clock.install()
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
    page.clock.fast_forward("00:05")
    expect(button).to_be_enabled()
    expect(button).to_be_focused()
    expect(page.locator("[data-poll]")).to_have_count(0)
    button.click()
    expect(page.get_by_role("button", name="Rescan tier 1")).to_be_visible()


def test_rescan_again_can_be_pressed_without_a_reload_once_the_rest_is_over(page, sign_in, live_server, settings):
    settings.RESCAN_COOL_DOWN_SECONDS = 3600
    sign_in(role=Role.OPERATOR)
    replica = make_replica()
    rescanned(replica, 20)
    page.clock.install()
    page.goto(replica.rescans.get().get_absolute_url())
    button = page.get_by_role("link", name="Rescan again…")
    expect(button).to_be_disabled()
    expect(page.get_by_text(re.compile("^Rescanned .* ago by the shell; again in"))).to_be_visible()

    settings.RESCAN_COOL_DOWN_SECONDS = 0
    page.clock.fast_forward("00:05")

    expect(button).to_be_enabled()
    expect(page.locator("[data-poll]")).to_have_count(0)


def test_a_list_learns_by_itself_that_a_replica_is_no_longer_in_a_rescan(page, sign_in, live_server):
    sign_in(role=Role.OPERATOR)
    replica = make_replica(name="tier 1")
    rescan = make_rescan(replica)
    page.clock.install()
    page.goto("/replicas/")
    expect(page.get_by_role("link", name="In a rescan")).to_be_visible()

    end(rescan)
    rescan.members.update(is_open=False)
    page.clock.fast_forward("00:15")

    expect(page.get_by_role("link", name="Rescan tier 1")).to_be_enabled()


def test_a_double_click_and_enter_held_down_make_one_rescan(page, sign_in, server):
    sign_in(role=Role.OPERATOR)
    first, second, _ = server.replicas.order_by("pk")
    page.goto(f"/rescans/new/?id={first.pk}")
    page.get_by_role("button", name=f"Rescan {first.name}").dblclick()
    expect(page).to_have_url(re.compile(r"/rescans/\d+/$"))

    page.goto(f"/rescans/new/?id={second.pk}")
    page.get_by_label("Why").focus()
    page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('main form .button.main').click()")
    expect(page).to_have_url(re.compile(r"/rescans/\d+/$"))

    assert [list(one.replicas.all()) for one in Rescan.objects.order_by("pk")] == [[first], [second]]


def test_a_running_rescan_is_stopped_from_its_page(page, sign_in, server, simulator):
    sign_in(make_person("kim", Role.OPERATOR))
    rescan = rescans.start(None, server.replicas.all()).started[0]
    with workers():
        page.goto(rescan.get_absolute_url())
        expect(page.get_by_role("heading", name="Starting")).to_be_visible()

        page.get_by_role("link", name="Stop…").click()
        page.get_by_role("button", name="Stop the rescan").click()
        simulator.clock.advance(10)

        expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("kim had it stopped.")


def test_a_selection_is_rescanned_and_then_forgotten(page, sign_in, server):
    sign_in(role=Role.OPERATOR)
    page.goto("/replicas/")
    for tick in page.locator("#list tbody .tick input").all()[:2]:
        tick.check()

    page.get_by_role("button", name="Rescan selected…").click()
    page.get_by_role("button", name="Rescan 2 replicas").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Rescan of 2 replicas on lab")
    page.goto("/replicas/")
    expect(page.locator("#list tbody .tick input:checked")).to_have_count(0)


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
