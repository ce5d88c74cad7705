"""Refusals and errors, each with the sentence that helps: a page for a browser, a notice for an htmx request."""

import logging
import sys

from django.core.exceptions import DisallowedHost, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from replicas_app.views.shared import wants_part

logger = logging.getLogger(__name__)

CODES_OF_NO_CONNECTION = ("08", "57P", "53300")
"""How the codes of Postgres begin that mean: it is not there, it goes down or comes up, it has no connection left."""
NOTICE = "X-Notice"
"""Tells app.js that the body of an error is a notice for the page."""


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    host = request.headers.get("Host", "") if isinstance(exception, DisallowedHost) else ""
    is_too_long = isinstance(exception, TooManyFieldsSent)
    return _answer(request, 400, "400.html", {"unknown_host": host, "is_too_long": is_too_long})


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "403.html")


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "404.html")


def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    """The address of a button that was opened like a page, or the other way round. `allowed`: what it takes."""
    response = _answer(request, 405, "405.html")
    response["Allow"] = allowed
    return response


def failed(request: HttpRequest) -> HttpResponse:
    """Asks the database for nothing, not even for who is signed in: it may be what failed, which is said then."""
    problem = sys.exception()
    if not _is_database_away(problem):
        return _answer_alone(request, 500, "500.html")
    logger.warning("No answer to %s, the database: %s", request.path, type(problem).__name__)
    response = _answer_alone(request, 503, "503.html")
    response["Retry-After"] = "5"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of ours, or from one that is too old."""
    is_foreign = reason.startswith(("Origin checking", "Referer checking"))
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    context = {"is_foreign": is_foreign, "origin": "" if origin == "null" else origin}
    return _answer(request, 403, "403_csrf.html", context)


def _is_database_away(problem: BaseException | None) -> bool:
    """Whether Postgres takes no connection, or has ended the one that we had."""
    if not isinstance(problem, (OperationalError, InterfaceError)):
        return False
    code = getattr(problem.__cause__, "sqlstate", None)
    return code is None or code.startswith(CODES_OF_NO_CONNECTION)


def _answer_alone(request: HttpRequest, status: int, template: str) -> HttpResponse:
    """Without what belongs to the request, for which the database would be asked."""
    is_part = wants_part(request)
    body = render_to_string(template, {"said": _frame(is_part)})
    return HttpResponse(body, status=status, headers=_headers(is_part))


def _answer(request: HttpRequest, status: int, template: str, context: dict[str, object] | None = None) -> HttpResponse:
    is_part = wants_part(request)
    body = render_to_string(template, {**(context or {}), "said": _frame(is_part)}, request)
    return HttpResponse(body, status=status, headers=_headers(is_part))


def _frame(is_part: bool) -> str:
    return "partials/_said.html" if is_part else "said.html"


def _headers(is_part: bool) -> dict[str, str]:
    return {NOTICE: "1"} if is_part else {}
