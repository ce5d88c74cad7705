"""What happens to a request before anybody looks at its host."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import Resolver404, get_resolver, resolve

from dashboard.public import is_number
from replicas_app.views import health

Answer = Callable[[HttpRequest], HttpResponse]
CANNOT_BE_TOLD_APART = (
    "The proxy passes {0} on, with which addresses of our own begin, too: let it cut {0} off (in nginx: a slash at the"
    " end of proxy_pass), or choose another sub-path for PUBLIC_URL.\n"
)


class SubPath:
    """Under the sub-path of `PUBLIC_URL` a proxy may pass the path on as it is, or without the sub-path: both do.

    Where addresses of our own begin with it, too (`/replicas`, `/accounts`), the two cannot be told apart, and the
    second holds; a path that only a proxy of the first kind sends is answered with that.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.prefix = settings.FORCE_SCRIPT_NAME or ""
        self.is_told_apart = not _begins_a_page(self.prefix)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not (self.prefix and f"{path}/".startswith(f"{self.prefix}/")):
            return self.get_response(request)
        inner = path.removeprefix(self.prefix) or "/"
        if self.is_told_apart:
            request.path_info, request.path = inner, f"{self.prefix}{inner}"
        elif _is_a_page(inner) and not _is_a_page(path):
            return HttpResponseNotFound(CANNOT_BE_TOLD_APART.format(self.prefix), content_type="text/plain")
        return self.get_response(request)


class PublicScheme:
    """Requests came by the scheme of `PUBLIC_URL`, unless a proxy whose word is taken says another one.

    Where nobody's word is taken, the key is one that no header can set, for theirs all begin with `HTTP_`.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.key, _ = settings.SECURE_PROXY_SSL_HEADER
        self.scheme = urlsplit(settings.PUBLIC_URL).scheme

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.scheme:
            request.META.setdefault(self.key, self.scheme)
        return self.get_response(request)


class Caller:
    """Who calls is whom a proxy names whose word is taken: the last in `X-Forwarded-For`, which it wrote itself.

    Without that, everybody behind a proxy has its address, and one who guesses passwords makes all others wait.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if settings.TRUST_PROXY_HEADERS and is_number(named):
            request.META["REMOTE_ADDR"] = named
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


def _begins_a_page(prefix: str) -> bool:
    known = get_resolver().reverse_dict
    routes = [route for name in known for possible, *_ in known.getlist(name) for route, _ in possible]
    return _is_a_page(f"{prefix}/") or any(f"/{route}".startswith(f"{prefix}/") for route in [*routes, "static/"])
