"""A page as its reader meets it: rows, cells, links, facts; elements by CSS selectors."""

from dataclasses import dataclass
from functools import cached_property

from bs4 import BeautifulSoup, Tag
from django.http import HttpResponse
from django.test import Client

PART = {"HX-Request": "true"}
"""The headers by which a page asks for a part of itself."""


@dataclass(frozen=True)
class Row:
    """One row of a list: its attributes, and the words of its cells but for the tick and the button."""

    attrs: dict[str, str]
    cells: list[str]


class Reading:
    def __init__(self, response: HttpResponse) -> None:
        self.soup = BeautifulSoup(response.text, "html.parser")

    def select(self, selector: str) -> list[Tag]:
        return self.soup.select(selector)

    def all(self, selector: str) -> list[dict[str, str]]:
        """The attributes of all such elements."""
        return [tag.attrs for tag in self.select(selector)]

    def attribute(self, selector: str, name: str) -> str:
        """Of the first such element, which has to be there."""
        return self.select(selector)[0][name]

    def text(self, selector: str) -> str:
        """The words of the first such element, which has to be there."""
        return words_of(self.select(selector)[0])

    def rows(self, kind: str) -> list[Row]:
        """The rows of a list by their hook: `replica`, `vm`, `point`, `rescan`."""
        return [
            Row(row.attrs, [words_of(cell) for cell in row.select("td:not(.tick, .act)")])
            for row in self.select(f"tr[data-{kind}]")
        ]

    def link(self, text: str, within: str = "") -> str:
        """The address of the first link with these words."""
        links = [tag for tag in self.select(f"{within} a[href]") if words_of(tag) == text]
        return links[0]["href"]

    @property
    def total(self) -> int | None:
        """What the one element with the list's total says; None where nobody has counted."""
        [said] = self.all("[data-total]")
        return int(said["data-total"]) if said["data-total"] else None

    @cached_property
    def facts(self) -> dict[str, str]:
        return {words_of(name): words_of(name.find_next_sibling("dd")) for name in self.select("dl.facts dt")}


def words_of(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def read(client: Client, address: str, status: int = 200, headers: dict[str, str] | None = None) -> Reading:
    """The page at this address, which has to answer with this status."""
    response = client.get(address, headers=headers)
    assert response.status_code == status
    return Reading(response)
