"""What every view answers with: the page or its part, words for the status line, and the way back."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import escape_leading_slashes, url_has_allowed_host_and_scheme
from django_htmx.http import trigger_client_event


def template_for(request: HttpRequest, *, page: str, part: str) -> str:
    """The part for an htmx swap; the page for everything else.

    A history restore and a boosted link also say that they are htmx, and both want the page. The view's answer varies
    on HX-Request (`vary_on_headers`), or Back shows a bare part.
    """
    return part if wants_part(request) else page


def wants_part(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted


def confirm(request: HttpRequest, template: str, context: dict[str, object], status: int = 200) -> HttpResponse:
    """Ask before an act: in a dialog over the page (`hx-target="#dialog"`), or on a page of its own without JavaScript.

    The template extends `ask` and fills the blocks that partials/_confirm.html names.
    """
    ask = template_for(request, page="confirm.html", part="partials/_confirm.html")
    return render(request, template, {**context, "ask": ask}, status=status)


def announce(response: HttpResponse, words: str) -> HttpResponse:
    """Let an htmx answer say something in the page's status line, for those who hear the page."""
    return trigger_client_event(response, "announce", {"words": words})


def page_address(request: HttpRequest) -> str:
    """The address of the page that the person is looking at, with its query; empty where nobody knows it.

    That is the request's own address for a page, the page around it for an htmx request, and the page with the form
    for a POST: never a part's address, and never one that only takes a POST.
    """
    if request.htmx and not request.htmx.history_restore_request:
        return _own_path(request, request.headers.get("HX-Current-URL", ""))
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    return _own_path(request, request.headers.get("Referer", ""))


def _own_path(request: HttpRequest, address: str) -> str:
    """The path and query of an address of this site; empty for any other."""
    own = {request.get_host(), urlsplit(settings.PUBLIC_URL).netloc.lower()}
    if not url_has_allowed_host_and_scheme(address, own, require_https=request.is_secure()):
        return ""
    parts = urlsplit(address)
    path = escape_leading_slashes(parts.path)  # with two of them it would be the address of another site
    return f"{path}?{parts.query}" if parts.query else path
