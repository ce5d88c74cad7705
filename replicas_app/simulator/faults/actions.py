"""What a rule does to a request. A new action is a function and a line in `ACTIONS`.

`before` runs ahead of the operation and may answer in its place; `change` gets the answer and gives another one.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..backend import Backend
from ..clock import SECOND
from ..exchange import HTML, JSON, Answer, Request

PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>Your gateway.</p></body></html>"

Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Happening:
    """The request that a rule is set off by, and the server that it hits."""

    request: Request
    backend: Backend
    renew_certificate: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Action:
    keys: frozenset[str] | set[str] = frozenset()
    needs: frozenset[str] | set[str] = frozenset()
    before: Callable[[Given, Happening], Answer | None] | None = None
    change: Callable[[Given, Happening, Answer], Answer] | None = None


def answer_status(given: Given, happening: Happening) -> Answer:
    """Another answer: `body` as JSON, or as it is where it is a text."""
    status, body = int(given.get("status", 500)), given.get("body")
    if body is None:
        message = "An error was ordered by the fault script."
        body = {"errorCode": "UnknownError", "message": message} if status >= 400 else {}
    sent = body.encode(errors="surrogatepass") if isinstance(body, str) else json.dumps(body).encode()
    return Answer(status, sent, str(given.get("content_type", JSON)), _headers(given))


def answer_html(given: Given, happening: Happening) -> Answer:
    """A page of something between client and server."""
    status = int(given.get("status", 200))
    page = str(given.get("body", PAGE.format("Access denied" if status == 403 else f"Error {status}")))
    return Answer(status, page.encode(), HTML, _headers(given))


def answer_empty(given: Given, happening: Happening) -> Answer:
    return Answer(int(given.get("status", 200)), b"", headers=_headers(given))


def answer_reset(given: Given, happening: Happening) -> Answer:
    return Answer(reset=True)


def expire(given: Given, happening: Happening) -> None:
    """All tokens are unknown from this request on, as after a restart of the service."""
    happening.backend.accounts.end_all()


def cap(given: Given, happening: Happening) -> None:
    """No page is longer than `limit`, whatever was asked."""
    asked = happening.request.query.get("limit", ["200"])[0]
    most = int(given["limit"])
    happening.request.query["limit"] = [str(min(int(asked), most) if asked.isdigit() else most)]


def renew_certificate(given: Given, happening: Happening) -> None:
    """Another certificate for every connection that comes after."""
    happening.renew_certificate()


def change_versions(given: Given, happening: Happening) -> None:
    """The server is upgraded: it supports these revisions from now on."""
    happening.backend.manners.versions = tuple(str(version) for version in given["versions"])


def delay(given: Given, happening: Happening, answer: Answer) -> Answer:
    return replace(answer, delay_seconds=answer.delay_seconds + float(given["seconds"]))


def truncate(given: Given, happening: Happening, answer: Answer) -> Answer:
    """The length of the whole is announced, `bytes` of it are sent (half of it, if not said)."""
    return replace(answer, cut_at=int(given.get("bytes", len(answer.body) // 2)))


def drip(given: Given, happening: Happening, answer: Answer) -> Answer:
    """`bytes` at a time, `seconds` apart."""
    return replace(answer, drip_seconds=float(given.get("seconds", 0.05)), drip_bytes=int(given.get("bytes", 1)))


def break_json(given: Given, happening: Happening, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[:-1] + b',"')


def set_values(given: Given, happening: Happening, answer: Answer) -> Answer:
    """Puts `value` under `key` or `at`, or several `values`."""
    wanted = dict(given.get("values", {}))
    if "key" in given:
        wanted[str(given["key"])] = given.get("value")

    def put(body: Any) -> None:
        if "at" in given:
            _put(body, str(given["at"]).split("."), _moments(given.get("value"), happening))
        for record in _meant(body, given.get("index")):
            for key, value in wanted.items():
                _put(record, key.split("."), _moments(value, happening))

    return _changed(answer, put)


def remove(given: Given, happening: Happening, answer: Answer) -> Answer:
    """Takes away a key (`key`, or `at` from the top of the body)."""

    def take(body: Any) -> None:
        if "at" in given:
            _take(body, str(given["at"]).split("."))
        for record in _meant(body, given.get("index")) if "key" in given else ():
            _take(record, str(given["key"]).split("."))

    return _changed(answer, take)


def drop_records(given: Given, happening: Happening, answer: Answer) -> Answer:
    """Leaves records out of a page (from `index` on, `count` of them) and says nothing of it."""
    first, count = int(given.get("index", 0)), int(given.get("count", 1))
    return _changed(answer, lambda body: _records(body).__delitem__(slice(first, first + count)))


def repeat_records(given: Given, happening: Happening, answer: Answer) -> Answer:
    """Sends records of a page twice (from `index` on, `count` of them)."""
    first, count = int(given.get("index", 0)), int(given.get("count", 1))
    return _changed(answer, lambda body: _records(body).extend(_records(body)[first : first + count]))


def _changed(answer: Answer, change: Callable[[Any], None]) -> Answer:
    """The JSON body changed; one that is no JSON stays. Half characters stay escapes, so that the body is legal."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer
    change(body)
    return replace(answer, body=json.dumps(body).encode())


def _records(body: Any) -> list[Any]:
    """The records of a list or of a log; none in any other body."""
    found = body.get("data", body.get("records")) if isinstance(body, dict) else None
    return found if isinstance(found, list) else []


def _meant(body: Any, index: Any) -> list[Any]:
    """The record at `index`, or all of a list, or the one thing that the body is."""
    is_list = isinstance(body, dict) and ("data" in body or "records" in body)
    if not is_list:
        return [body]
    records = _records(body)
    if index is None:
        return records
    return records[int(index) : int(index) + 1 or None]


def _put(into: Any, path: list[str], value: Any) -> None:
    for place, key in enumerate(path):
        is_last = place == len(path) - 1
        if isinstance(into, list):
            if not key.lstrip("-").isdigit() or not -len(into) <= int(key) < len(into):
                return
            key = int(key)  # type: ignore[assignment]
        elif not isinstance(into, dict):
            return
        if is_last:
            into[key] = value
        elif isinstance(into, dict):
            into = into.setdefault(key, {})
        else:
            into = into[key]


def _take(from_: Any, path: list[str]) -> None:
    for key in path[:-1]:
        from_ = from_.get(key) if isinstance(from_, dict) else _item(from_, key)
    if isinstance(from_, dict):
        from_.pop(path[-1], None)
    elif _item(from_, path[-1]) is not None:
        del from_[int(path[-1])]


def _item(of: Any, key: str) -> Any:
    found = isinstance(of, list) and key.isdigit() and int(key) < len(of)
    return of[int(key)] if found else None


def _moments(value: Any, happening: Happening) -> Any:
    """`{"$now": 5}` becomes the server's time in five seconds, anywhere within a value."""
    if isinstance(value, dict) and set(value) == {"$now"}:
        clock = happening.backend.clock
        return clock.text(clock.now() + round(float(value["$now"]) * SECOND))
    if isinstance(value, dict):
        return {key: _moments(inner, happening) for key, inner in value.items()}
    return [_moments(inner, happening) for inner in value] if isinstance(value, list) else value


def _headers(given: Given) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(given.get("headers", {})).items()}


ACTIONS: dict[str, Action] = {
    "status": Action({"status", "body", "headers", "content_type"}, before=answer_status),
    "html": Action({"status", "body", "headers"}, before=answer_html),
    "empty": Action({"status", "headers"}, before=answer_empty),
    "reset": Action(before=answer_reset),
    "expire": Action(before=expire),
    "cap": Action({"limit"}, {"limit"}, before=cap),
    "certificate": Action(before=renew_certificate),
    "versions": Action({"versions"}, {"versions"}, before=change_versions),
    "delay": Action({"seconds"}, {"seconds"}, change=delay),
    "truncate": Action({"bytes"}, change=truncate),
    "drip": Action({"seconds", "bytes"}, change=drip),
    "invalid_json": Action(change=break_json),
    "set": Action({"key", "index", "value", "at", "values"}, change=set_values),
    "remove": Action({"key", "index", "at"}, change=remove),
    "drop": Action({"index", "count"}, change=drop_records),
    "repeat": Action({"index", "count"}, change=repeat_records),
}
