"""What happens to a request before anybody looks at its host."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from replicas_app.views import health

Answer = Callable[[HttpRequest], HttpResponse]


class SubPath:
    """Under the sub-path of `PUBLIC_URL` a proxy may pass the path on as it is, or without the sub-path: both do.

    Where the sub-path is the name of one of our own pages, only the second can be told apart, and holds.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.prefix = settings.FORCE_SCRIPT_NAME or ""
        self.is_told_apart = not _is_a_page(f"{self.prefix}/")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if self.prefix and self.is_told_apart and f"{path}/".startswith(f"{self.prefix}/"):
            request.path_info = path.removeprefix(self.prefix) or "/"
            request.path = f"{self.prefix}{request.path_info}"
        return self.get_response(request)


class PublicScheme:
    """Requests came by the scheme of `PUBLIC_URL`: to the proxy in front of us, whose word nobody need take.

    No header of a request can set this key, for theirs all begin with `HTTP_`.
    """

    KEY = "PUBLIC_SCHEME"

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.known = {self.KEY: urlsplit(settings.PUBLIC_URL).scheme} if settings.PUBLIC_URL else {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META.update(self.known)
        return self.get_response(request)


class Health:
    """The health pages answer whatever the `Host`: who asks is an orchestrator that knows us by a number."""

    pages = {"/healthz": health.healthz, "/readyz": health.readyz}

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.pages.get(request.path_info, self.get_response)(request)


def _is_a_page(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
