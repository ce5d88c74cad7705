"""The servers and the overview in a browser: what looks again by itself, what stays typed, what is pressed twice."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from replicas_app import doctor, sync
from replicas_app.choices import Role, SyncState
from replicas_app.models import BackupServer, SyncRun
from replicas_app.simulator import Simulator
from tests.factories import make_replica, make_server, make_server_of, make_sync_run
from tests.syncing import do_sync


@pytest.fixture
def simulator():
    with Simulator(replicas=3, vms=1, points=2, seed=7, still=True, tls=True) as simulator:
        yield simulator


def test_a_connection_test_shows_its_steps_as_they_come_and_stops_asking_at_the_end(page, clock, sign_in, simulator):
    sign_in()
    server = make_server_of(simulator)
    page.goto(server.get_absolute_url())

    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    doctor.perform(server.pk)
    clock.advance(1)

    expect(page.locator('[data-step="login"]')).to_have_attribute("data-status", "ok")
    expect(page.locator("#server")).not_to_have_attribute("hx-trigger", re.compile("."))
    expect(page.locator("#announce")).to_have_text(re.compile("Everything that the dashboard needs works"))
    assert clock.advance(20) == []


def test_a_read_shows_its_progress_to_its_end_and_keeps_the_focus(page, clock, sign_in, simulator):
    sign_in(role=Role.OPERATOR)
    server = make_server_of(simulator)
    page.goto(server.get_absolute_url())

    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    run = SyncRun.objects.get()
    SyncRun.objects.filter(pk=run.pk).update(
        state=SyncState.RUNNING, rows_read=30, rows_expected=40, step="Reading replicas"
    )
    page.locator("#sync").focus()
    clock.advance(1)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "75")
    expect(page.locator("#sync")).to_be_focused()
    expect(page.locator("#announce")).to_have_text(re.compile("Reading replicas"))
    SyncRun.objects.filter(pk=run.pk).update(state=SyncState.QUEUED)
    sync.sync(run.pk)
    clock.advance(1)

    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.locator("#announce")).to_have_text(re.compile("Done"))
    expect(page.locator("#replicas")).to_have_text("3")
    expect(page.locator("#server")).not_to_have_attribute("hx-trigger", re.compile("."))


def test_a_certificate_is_shown_as_soon_as_it_was_fetched_and_accepted_by_one_press(page, clock, sign_in, simulator):
    sign_in()
    page.goto("/servers/add/")
    page.get_by_label("Name", exact=True).fill("lab")
    page.get_by_label("Address").fill(simulator.url)
    page.get_by_label("User name").fill("svc")
    page.get_by_label("Password").fill("pw1")
    page.get_by_role("button", name="Connect").click()
    expect(page).to_have_url(re.compile(r"/servers/\d+/pin/$"))

    server = BackupServer.objects.get()
    doctor.perform(server.pk)
    clock.advance(1)
    fingerprint = ":".join(re.findall("..", simulator.fingerprint.upper()))
    expect(page.locator("#shown-fingerprint")).to_have_text(fingerprint)
    page.get_by_role("button", name="accept it").click()

    expect(page).to_have_url(re.compile(r"/servers/\d+/$"))
    server.refresh_from_db()
    assert (server.pinned_sha256, server.password) == (simulator.fingerprint, "pw1")


def test_a_typed_password_stays_in_its_field_when_another_field_is_wrong(page, sign_in):
    sign_in()
    page.goto("/servers/add/")
    page.get_by_label("Name", exact=True).fill("lab")
    page.get_by_label("Address").fill("https://svc:pw@vbr01")
    page.get_by_label("User name").fill("svc")
    page.get_by_label("Password").fill(" s3cret ")
    page.get_by_label("Not checked").check()
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("An address has no user name or password in it")).to_be_visible()

    expect(page.get_by_label("Password")).to_have_value(" s3cret ")
    page.get_by_label("Address").fill("vbr01")
    page.get_by_role("button", name="Connect").click()

    expect(page).to_have_url(re.compile(r"/servers/\d+/$"))
    assert BackupServer.objects.get().password == " s3cret "


def test_only_what_belongs_to_the_chosen_trust_is_asked_for(page, sign_in):
    sign_in()
    page.goto("/servers/add/")

    expect(page.get_by_label("Fingerprint")).to_be_visible()
    expect(page.get_by_label("CA bundle (PEM)")).to_be_hidden()
    page.get_by_label("A CA bundle of your own").check()
    expect(page.get_by_label("CA bundle (PEM)")).to_be_visible()
    expect(page.get_by_label("Fingerprint")).to_be_hidden()
    page.get_by_label("Not checked").check()
    expect(page.get_by_text("Nobody checks who answers.")).to_be_visible()


def test_a_double_click_connects_one_server(page, sign_in):
    sign_in()
    page.goto("/servers/add/")
    page.get_by_label("Name", exact=True).fill("lab")
    page.get_by_label("Address").fill("vbr01")
    page.get_by_label("User name").fill("svc")
    page.get_by_label("Password").fill("pw1")
    page.get_by_label("Not checked").check()

    page.get_by_role("button", name="Connect").dblclick()

    expect(page).to_have_url(re.compile(r"/servers/\d+/$"))
    assert (BackupServer.objects.count(), SyncRun.objects.count()) == (1, 1)


def test_removing_asks_in_a_dialog_that_wants_the_name(page, sign_in):
    sign_in()
    server = make_server("vbr-oslo")
    page.goto(server.get_absolute_url())

    page.get_by_role("link", name="Remove…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type vbr-oslo").fill("vbr-oslo")
    dialog.get_by_role("button", name="Remove").click()

    expect(page.get_by_text("vbr-oslo was removed")).to_be_visible()
    assert not BackupServer.objects.exists()


def test_everything_is_read_at_a_press_and_the_page_says_why_while_it_goes_on(page, clock, sign_in, simulator):
    anna = sign_in(role=Role.OPERATOR)
    server = make_server_of(simulator)
    do_sync(server)
    page.goto(server.get_absolute_url())

    page.get_by_role("button", name="Read everything now").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    run = SyncRun.objects.open().get()
    SyncRun.objects.filter(pk=run.pk).update(
        state=SyncState.RUNNING, started_at=timezone.now(), is_full=True, why_full=f"asked for by {anna}"
    )
    clock.advance(1)

    expect(page.locator(".being-read")).to_contain_text(f"Full sweep: asked for by {anna}")
    SyncRun.objects.filter(pk=run.pk).update(state=SyncState.QUEUED)
    sync.sync(run.pk)
    clock.advance(1)
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_a_drop_is_accepted_in_a_dialog_that_says_what_will_happen(page, sign_in):
    sign_in()
    server = make_server("vbr-oslo", doubt={"replicas": [40, 401]})
    page.goto(server.get_absolute_url())

    page.get_by_role("link", name="They are gone…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("about 361 are marked as removed")
    dialog.get_by_role("button", name="They are gone: accept it").click()

    expect(page.get_by_text("The shorter list was accepted.")).to_be_visible()
    server.refresh_from_db()
    assert server.accepted_drop == {"replicas": 40}


def test_each_part_of_the_overview_asks_at_its_own_pace(page, clock, sign_in):
    sign_in()
    make_replica(make_server("vbr-oslo"))
    page.goto("/")
    expect(page.locator("#days svg")).to_be_attached()

    for _ in range(9):
        [figures] = clock.advance(31)
        assert "seen=" in figures
    assert "/?part=days" in clock.advance(31)


def test_the_overview_takes_up_news_by_itself_without_losing_the_focus(page, clock, sign_in):
    sign_in()
    server = make_server("vbr-oslo")
    make_sync_run(server)
    page.goto("/")
    page.locator("#lede-servers").focus()

    make_replica(server)
    BackupServer.objects.update(data_version=server.data_version + 1)
    [asked] = clock.advance(30)

    expect(page.locator("#lede-replicas")).to_have_text("1")
    expect(page.locator("#lede-servers")).to_be_focused()
    assert "seen=" in asked
