"""What the frame around every page shows. Worked out when a template asks for it: a fragment has no frame."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from replicas_app.freshness import DataAge, data_age

PLACES = {
    "overview": "Overview",
    "replicas": "Replicas",
    "vms": "VMs",
    "restore-points": "Restore points",
    "rescans": "Rescans",
    "activity": "Activity",
    "servers": "Servers",
}
"""URL name → the word in the bar."""


@dataclass(frozen=True)
class Place:
    words: str
    href: str
    is_current: bool


class Frame:
    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def address(self) -> str:
        """The whole address of this page, for paper."""
        return as_typed(self.request, self.request.get_full_path())

    @property
    def places(self) -> list[Place]:
        return [self._place(words, reverse(name)) for name, words in PLACES.items()]

    @cached_property
    def age(self) -> DataAge:
        return data_age(timezone.now())

    @cached_property
    def now(self) -> str:
        """The server's clock, from which an open page counts on."""
        return timezone.now().isoformat(timespec="milliseconds")

    def _place(self, words: str, href: str) -> Place:
        here = self.request.path
        return Place(words, href, here == href if href == reverse("overview") else here.startswith(href))


def as_typed(request: HttpRequest, path: str) -> str:
    """`path` as somebody elsewhere can type it: under `PUBLIC_URL`, else at the host by which we were called."""
    return urljoin(settings.PUBLIC_URL or request.build_absolute_uri(), path)


def frame(request: HttpRequest) -> dict[str, Frame]:
    return {"frame": Frame(request)}
