"""Rules: which requests are meant, and which of them in turn."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

import yaml

from ..exchange import Request
from .actions import ACTIONS
from .kinds import ANY, NUMBER, TEXT, Action, Kind

COMMON = {
    "path": TEXT,
    "method": TEXT,
    "query": TEXT,
    "sent": TEXT,
    "when": ANY,
    "times": NUMBER,
    "probability": NUMBER,
    "action": TEXT,
    "after": Kind("true or false", lambda value: isinstance(value, bool)),
}
_NEAR = 0.7
"""How alike two words are of which one is taken for a slip of the other."""
_WHEN = re.compile(r"\d+(-\d*)?|-\d+")


class FaultError(ValueError):
    """A rule or a file of rules that cannot be used; the text says why, in one sentence."""


@dataclass(slots=True)
class Rule:
    """One rule with its counters: `seen` matching requests so far, `fired` times."""

    action: Action
    given: dict[str, Any]
    path: re.Pattern[str]
    query: re.Pattern[str]
    sent: re.Pattern[str]
    method: str
    turns: list[tuple[int, float]]
    times: float
    probability: float
    after: bool
    chance: Random = field(default_factory=lambda: Random(0))  # noqa: S311
    seen: int = 0
    fired: int = 0

    def fires(self, request: Request) -> bool:
        """Counts a request that matches, and says whether it is one of those meant."""
        if not self._matches(request):
            return False
        self.seen += 1
        meant = any(first <= self.seen <= last for first, last in self.turns)
        if not meant or self.fired >= self.times or self.chance.random() >= self.probability:
            return False
        self.fired += 1
        return True

    def _matches(self, request: Request) -> bool:
        if self.method not in {"", request.method} or not self.path.search(request.path):
            return False
        query = "&".join(f"{name}={value}" for name, values in request.query.items() for value in values)
        return bool(self.query.search(query) and self.sent.search(request.body.decode("utf-8", "replace")))


class Faults:
    """The rules in force; tests add to them and clear them while the server runs."""

    def __init__(self, rules: Iterable[Mapping[str, Any]] = ()) -> None:
        self._lock = Lock()
        self._rules: list[Rule] = []
        self._added = 0
        for rule in rules:
            self.add(rule)

    def add(self, rule: Mapping[str, Any]) -> Rule:
        """Puts a rule after the others. FaultError if it is none."""
        self._added += 1
        made = rule_of(rule, self._added)
        with self._lock:
            self._rules.append(made)
        return made

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def firing(self, request: Request) -> list[Rule]:
        """The rules that this request sets off, in their order."""
        with self._lock:
            return [rule for rule in self._rules if rule.fires(request)]


def rule_of(given: Mapping[str, Any], number: int = 1) -> Rule:
    """FaultError, which names the rule by its number, for one that cannot be meant."""
    if not isinstance(given, Mapping):
        raise FaultError(f"Rule {number} is no mapping of keys to values.")
    action = _action(given, number)
    _check_keys(given, action, number)
    return Rule(
        action=action,
        given=dict(given),
        path=_pattern(given, "path", number),
        query=_pattern(given, "query", number),
        sent=_pattern(given, "sent", number),
        method=given.get("method", "").upper(),
        turns=_turns(given.get("when", "1-"), number),
        times=given.get("times", float("inf")),
        probability=given.get("probability", 1),
        after=given.get("after", False),
        chance=Random(number),  # noqa: S311  the same rules misbehave in the same way
    )


def _check_keys(given: Mapping[str, Any], action: Action, number: int) -> None:
    kinds = COMMON | dict(action.keys)
    for key, value in given.items():
        if key not in kinds:
            raise FaultError(f"Rule {number}: {key!r} is not known there; known are {', '.join(sorted(kinds))}.")
        if not kinds[key].fits(value):
            raise FaultError(f"Rule {number}: {key} must be {kinds[key].words}, not {value!r}.")
    for key in action.needs:
        if key not in given:
            raise FaultError(f"Rule {number}: {key!r} is missing.")


def load_rules(path: str | Path) -> list[dict[str, Any]]:
    """Rules of a JSON or YAML file: a list of them, or a mapping with the list under `rules`."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FaultError(f"The fault script {path} cannot be read: {error}.") from error
    found = _parsed(text, path)
    rules = found.get("rules") if isinstance(found, dict) else found
    if rules is None:
        return []
    if not isinstance(rules, list):
        raise FaultError(f"The fault script {path} holds no list of rules.")
    for number, rule in enumerate(rules, 1):
        rule_of(rule, number)
    return rules


class _PlainLoader(yaml.SafeLoader):
    """YAML whose dates stay the texts that they are."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parsed(text: str, path: str | Path) -> Any:
    """As JSON, where escapes of half characters survive; else as YAML."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506  a safe loader of ours
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise FaultError(f"The fault script {path} is neither JSON nor YAML{line}.") from error


def _action(given: Mapping[str, Any], number: int) -> Action:
    """A rule that names a status and no action means the action `status`."""
    name, known = given.get("action"), f"there are {', '.join(sorted(ACTIONS))}"
    if name is None and "status" in given:
        return ACTIONS["status"]
    if name is None:
        raise FaultError(f"Rule {number} has no action{_misspelled(given)}; {known}.")
    if not isinstance(name, str) or name not in ACTIONS:
        raise FaultError(f"Rule {number}: {name!r} is no action{_meant(name, ACTIONS)}; {known}.")
    return ACTIONS[name]


def _misspelled(given: Mapping[str, Any]) -> str:
    """The key that was probably meant for it."""
    near = get_close_matches("action", [key for key in given if isinstance(key, str) and key not in COMMON], 1, _NEAR)
    return f" (was {near[0]!r} meant for it?)" if near else ""


def _meant(name: Any, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 1, _NEAR) if isinstance(name, str) else []
    return f" (was {near[0]!r} meant?)" if near else ""


def _pattern(given: Mapping[str, Any], key: str, number: int) -> re.Pattern[str]:
    try:
        return re.compile(given.get(key, ""))
    except re.error as error:
        raise FaultError(f"Rule {number}: {key} {given[key]!r} is no regular expression: {error}.") from error


def _turns(given: Any, number: int) -> list[tuple[int, float]]:
    """`3`, `1-2`, `2,5`, `5-`, `-4` and what commas join of them."""
    parts = [part.strip() for part in str(given).split(",")]
    if not all(_WHEN.fullmatch(part) for part in parts):
        raise FaultError(f"Rule {number}: when {given!r} is not like 3, 1-2, 2,5 or 5-.")
    turns = []
    for part in parts:
        first, dash, last = part.partition("-")
        turns.append((int(first or 1), int(last) if last else float("inf") if dash else int(first)))
    return turns
