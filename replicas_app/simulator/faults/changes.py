"""Actions that change the JSON of an answer."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..clock import SECOND
from ..exchange import Answer
from .kinds import Given, Happening


def set_values(given: Given, happening: Happening, answer: Answer) -> Answer:
    """Puts `value` under `key` or `at`, or several `values`."""
    wanted = dict(given.get("values", {}))
    if "key" in given:
        wanted[given["key"]] = given.get("value")

    def put(body: Any) -> None:
        if "at" in given:
            _put(body, given["at"].split("."), _moments(given.get("value"), happening))
        for record in _meant(body, given.get("index")):
            for key, value in wanted.items():
                _put(record, key.split("."), _moments(value, happening))

    return _changed(answer, put)


def remove(given: Given, happening: Happening, answer: Answer) -> Answer:
    """Takes away a key (`key`, or `at` from the top of the body)."""

    def take(body: Any) -> None:
        if "at" in given:
            _take(body, given["at"].split("."))
        for record in _meant(body, given.get("index")) if "key" in given else ():
            _take(record, given["key"].split("."))

    return _changed(answer, take)


def drop_records(given: Given, happening: Happening, answer: Answer) -> Answer:
    """Leaves records out of a page (from `index` on, `count` of them) and says nothing of it."""
    first, count = given.get("index", 0), given.get("count", 1)
    return _changed(answer, lambda body: _records(body).__delitem__(slice(first, first + count)))


def repeat_records(given: Given, happening: Happening, answer: Answer) -> Answer:
    """Sends records of a page twice (from `index` on, `count` of them)."""
    first, count = given.get("index", 0), given.get("count", 1)
    return _changed(answer, lambda body: _records(body).extend(_records(body)[first : first + count]))


def shuffle_records(given: Given, happening: Happening, answer: Answer) -> Answer:
    """The records of a page in another order, a different one each time."""
    return _changed(answer, lambda body: random.shuffle(_records(body)))


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
    return records[index : index + 1 or None]


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
