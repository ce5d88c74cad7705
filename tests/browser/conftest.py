"""A Chromium and the dashboard behind a real address. A page that breaks its own content policy fails its test."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from replicas_app.choices import Role
from replicas_app.models import Person, Replica
from tests.browser.clock import PageClock
from tests.chromium import PATIENCE_MILLISECONDS
from tests.factories import make_person, make_replica, make_server


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
def clock(page: Page) -> PageClock:
    """For what a page does by itself after a time: without it, time goes on as ever."""
    return PageClock(page)


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


@pytest.fixture
def replicas(live_server) -> list[Replica]:
    """Sixty replicas, alpha and beta by turns, on two servers."""
    servers = make_server("vbr-oslo"), make_server("vbr-bergen")
    return [
        make_replica(
            servers[number % 2],
            f"{('alpha', 'beta')[number % 2]}-{number:02}",
            state=("Ready", "Failover")[number % 3 == 0],
        )
        for number in range(60)
    ]
