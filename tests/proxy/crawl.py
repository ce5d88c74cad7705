"""Walks a site along every address that its answers name."""

import re
from collections import deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import requests

from tests.proxy.conftest import Visitor

NAMING = ("href", "src", "action", "formaction", "hx-get", "hx-post")
LEADING = ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "HX-Replace-Url")
PART = {"HX-Request": "true"}


class Names(HTMLParser):
    """The addresses in a page: those that can be read, those that parts come from, and the forms that are posted.

    Without those that lead to a backup server, and say so (`rel="noreferrer"`).
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.parts: list[str] = []
        self.forms: dict[str, dict[str, str]] = {}
        self.form: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form" and has.get("method") == "post":
            self.form = self.forms.setdefault(has.get("action", ""), {})
        elif tag == "input" and has.get("type") == "hidden":
            self.form[has["name"]] = has["value"]
        elif has.get("rel") != "noreferrer":
            for name in has.keys() & NAMING:
                (self.parts if name.startswith("hx-") else self.links).append(has[name])


@dataclass
class Crawl:
    """What was found on a walk of everything that can be read."""

    visitor: Visitor
    named: set[str] = field(default_factory=set)
    """Every address that an answer named, made whole."""
    statuses: dict[str, int] = field(default_factory=dict)
    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    """Address → hidden fields, of each form that is posted."""

    def __post_init__(self) -> None:
        self.waiting: deque[tuple[str, bool]] = deque()
        self.kinds: set[tuple[object, ...]] = set()

    def walk(self, *starts: str) -> "Crawl":
        for start in starts:
            self._note(start)
        while self.waiting:
            self._visit(*self.waiting.popleft())
        return self

    def _visit(self, address: str, is_part: bool) -> None:
        answer = self.visitor.get(address, headers=PART | {"HX-Current-URL": address} if is_part else {})
        self.statuses[address] = answer.status_code
        for header in LEADING:
            if value := answer.headers.get(header):
                self._note(urljoin(address, value))
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            self._read(address, answer)

    def _read(self, address: str, answer: requests.Response) -> None:
        names = Names(answer.text)
        for action, fields in names.forms.items():
            self.named.add(urljoin(address, action))
            self.forms.setdefault(urljoin(address, action), fields)
        for link in names.links:
            self._note(urljoin(address, link))
        for part in names.parts:
            self._note(urljoin(address, part), is_part=True)

    def _note(self, address: str, is_part: bool = False) -> None:
        """Go there too, unless nothing but the values in it is new: not every page of every filter is visited."""
        address = urldefrag(address).url
        self.named.add(address)
        path, query = urlsplit(address)[2:4]
        kinds = {(re.sub(r"\d+", "0", path), is_part, key) for key, _ in [*parse_qsl(query), ("", "")]}
        if not kinds <= self.kinds:
            self.kinds |= kinds
            self.waiting.append((address, is_part))
