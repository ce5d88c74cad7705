"""A Chromium and the dashboard behind a real address. A page that breaks its own content policy fails its test."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Error, Page, sync_playwright

from replicas_app.choices import Role
from replicas_app.models import Person
from tests.factories import make_person

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in the thread of the test
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MILLISECONDS = 10_000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium on PATH, else Playwright's own. Where there is none, CI fails and a person is told."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"NO BROWSER TESTS: no Chromium here ({error.message.splitlines()[0]})")
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, live_server) -> Iterator[Page]:
    """A fresh browser at 1280 × 800; addresses are paths of the live server. Fails on a script error afterwards."""
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if "Content Security Policy" in told.text else None)

    yield page

    context.close()
    assert complaints == []


@pytest.fixture
def sign_in(page: Page, live_server) -> Callable[..., Person]:
    """`sign_in(role=Role.OPERATOR)` signs somebody in without the form; `sign_in(person)` signs in that person."""

    def sign_in(person: Person | None = None, role: Role = Role.ADMIN) -> Person:
        person = person or make_person(role=role)
        client = Client()
        client.force_login(person)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        return person

    return sign_in
