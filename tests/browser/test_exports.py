"""The menu that gives a list as a file, by mouse and by keyboard."""

import csv
from pathlib import Path

from playwright.sync_api import expect

from replicas_app.models import BackupServer
from tests.factories import make_replica, make_server


def make_replicas() -> BackupServer:
    server = make_server("vbr-oslo")
    for number in range(30):
        make_replica(server, f"tier {number}", state="Failover" if number < 3 else "Ready")
    return server


def rows_of(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(path).read_text("utf-8-sig").splitlines()))


def test_the_menu_is_opened_walked_and_used_by_the_keyboard(page, sign_in):
    sign_in()
    make_replicas()
    page.goto("/replicas/?per_page=25")

    page.locator("#export").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="CSV, for spreadsheets")).to_be_focused()
    with page.expect_download() as download:
        page.keyboard.press("Enter")

    assert download.value.suggested_filename.startswith("replicas-")
    assert len(rows_of(download.value.path())) == 30
    expect(page).to_have_url("/replicas/?per_page=25")

    page.keyboard.press("Escape")
    expect(page.locator("#files")).to_be_hidden()
    expect(page.locator("#export")).to_be_focused()


def test_the_menu_follows_what_is_ticked(page, sign_in):
    sign_in()
    make_replicas()
    page.goto("/replicas/", wait_until="networkidle")
    page.locator("#export").click()
    expect(page.locator("#files")).to_contain_text("30 replicas of this list")
    page.keyboard.press("Escape")

    page.get_by_role("checkbox", name="Failover").check()
    expect(page.locator("#list tbody tr")).to_have_count(3)
    page.locator("#export").click()

    expect(page.locator("#files")).to_contain_text("3 replicas of this list")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV, for spreadsheets").click()
    assert [row["name"] for row in rows_of(download.value.path())] == ["tier 0", "tier 1", "tier 2"]
