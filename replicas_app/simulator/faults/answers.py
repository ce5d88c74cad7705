"""Actions that answer in the place of the operation, or change the server ahead of it; and manners of sending."""

import json
from dataclasses import replace

from ..exchange import HTML, JSON, Answer
from .kinds import Given, Happening

PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>Your gateway.</p></body></html>"


def answer_status(given: Given, happening: Happening) -> Answer:
    """Another answer: `body` as JSON, or as it is where it is a text."""
    status, body = given.get("status", 500), given.get("body")
    if body is None:
        message = "An error was ordered by the fault script."
        body = {"errorCode": "UnknownError", "message": message} if status >= 400 else {}
    sent = body.encode(errors="surrogatepass") if isinstance(body, str) else json.dumps(body).encode()
    return Answer(status, sent, given.get("content_type", JSON), _headers(given))


def answer_html(given: Given, happening: Happening) -> Answer:
    """A page of something between client and server."""
    status = given.get("status", 200)
    page = given.get("body", PAGE.format("Access denied" if status == 403 else f"Error {status}"))
    return Answer(status, page.encode(), HTML, _headers(given))


def answer_empty(given: Given, happening: Happening) -> Answer:
    return Answer(given.get("status", 200), b"", headers=_headers(given))


def answer_reset(given: Given, happening: Happening) -> Answer:
    return Answer(reset=True)


def expire(given: Given, happening: Happening) -> None:
    """All tokens are unknown from this request on, as after a restart of the service."""
    happening.backend.accounts.end_all()


def cap(given: Given, happening: Happening) -> None:
    """No page is longer than `limit`, whatever was asked."""
    asked = happening.request.query.get("limit", ["200"])[0]
    most = given["limit"]
    happening.request.query["limit"] = [str(min(int(asked), most) if asked.isdigit() else most)]


def shift(given: Given, happening: Happening) -> None:
    """The list moved by so many rows since the page before: some are missed (above 0), or come twice (below 0)."""
    asked = happening.request.query.get("skip", ["0"])[0]
    if asked.isdigit() and int(asked):
        happening.request.query["skip"] = [str(max(int(asked) + given["by"], 0))]


def renew_certificate(given: Given, happening: Happening) -> None:
    """Another certificate for every connection that comes after."""
    happening.renew_certificate()


def change_versions(given: Given, happening: Happening) -> None:
    """The server is upgraded: it supports these revisions from now on."""
    happening.backend.manners.versions = tuple(given["versions"])


def delay(given: Given, happening: Happening, answer: Answer) -> Answer:
    return replace(answer, delay_seconds=answer.delay_seconds + given["seconds"])


def truncate(given: Given, happening: Happening, answer: Answer) -> Answer:
    """The length of the whole is announced, `bytes` of it are sent (half of it, if not said)."""
    return replace(answer, cut_at=given.get("bytes", len(answer.body) // 2))


def drip(given: Given, happening: Happening, answer: Answer) -> Answer:
    """`bytes` at a time, `seconds` apart."""
    return replace(answer, drip_seconds=given.get("seconds", 0.05), drip_bytes=given.get("bytes") or 1)


def break_json(given: Given, happening: Happening, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[:-1] + b',"')


def _headers(given: Given) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(given.get("headers", {})).items()}
