"""What holds for every request: who may come in, and what browsers may keep and load."""

from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from replicas_app.models import BackupServer
from replicas_app.views import errors
from replicas_app.views.shared import page_address, wants_part

CONTENT_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


class SignInRequired(LoginRequiredMiddleware):
    """Asks for a login, and leads back to the page where one was when it had run out.

    An htmx request is sent there as a whole page: a redirect would be followed by the browser, and the login form
    would land in a table. Stands before CsrfViewMiddleware: whose login ran out hears that, and not that a form was
    refused.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Callable) -> HttpResponse:
        redirect = redirect_to_login(page_address(request) or reverse("overview"), self.get_login_url(view_func))
        return HttpResponseClientRedirect(redirect.url) if request.htmx else redirect


class WrongMethods:
    """Puts words into the empty answer (405) that Django gives to a method that an address does not take."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        return errors.wrong_method(request, response["Allow"]) if response.status_code == 405 else response


class RemovedMeanwhile:
    """A server may be removed between the two looks of a request: then it is not there, as a moment later."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.not_found(request, exception) if isinstance(exception, BackupServer.DoesNotExist) else None


class PageHeaders:
    """No browser and no proxy keeps a page: Back asks again, after a sign-out too. A part may be kept by the browser
    that got it, which asks each time whether it still holds (304).

    Stands before all that answers with a page, so that errors have the headers, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        patch_vary_headers(response, ["HX-Request"])
        response.headers.setdefault(
            "Cache-Control", "private, no-cache" if wants_part(request) else "private, no-store"
        )
        return response
