"""A rescan in a real browser, against a backup server over HTTPS: from the button to the end."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from playwright.sync_api import expect

from replicas_app import rescans, sync, tasks
from replicas_app.choices import Role
from replicas_app.models import BackupServer, Rescan, SyncRun
from replicas_app.simulator import Simulator
from tests.factories import make_person, make_server_of
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
