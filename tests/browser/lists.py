"""What the tests of lists look at on their pages."""

from playwright.sync_api import Locator, Page


def rows(page: Page) -> list[str]:
    return page.locator("#list tbody td.stay").all_inner_texts()


def search(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Name or id")


def total(page: Page) -> Locator:
    return page.locator("[data-total]")
