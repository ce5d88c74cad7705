"""The time of a page in the hands of a test."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page

from tests.waiting import wait_until

NOTES = """
    window.asked = [];
    window.underWay = new Set();
    addEventListener("htmx:beforeSend", ({detail}) => {
        asked.push(detail.pathInfo.finalRequestPath);
        underWay.add(detail.xhr);
    });
    addEventListener("htmx:afterRequest", ({detail}) => underWay.delete(detail.xhr));
"""
"""What parts ask for, and what is not answered yet. Heard at the window: after the listeners of the page's document."""


class PageClock:
    """Stands still, in every page that is opened from now on, but for what the test lets go by."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.add_init_script(NOTES)
        page.clock.pause_at(timezone.now() + timedelta(minutes=1))  # not in the past of the clock that runs until then

    def advance(self, seconds: float) -> list[str]:
        """The addresses that parts of the page asked for meanwhile, when the page has taken note of all answers."""
        self._page.evaluate("asked.length = 0")
        self._page.clock.run_for(seconds * 1000)
        wait_until(lambda: self._page.evaluate("underWay.size === 0"))
        return self._page.evaluate("asked")
