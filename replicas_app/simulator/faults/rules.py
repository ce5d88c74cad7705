"""Rules: which requests are meant, and which of them in turn."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

import yaml

from .actions import ACTIONS, Action

COMMON = {"path", "method", "when", "times", "probability", "action", "after"}
_WHEN = re.compile(r"\d+(-\d*)?|-\d+")


class FaultError(ValueError):
    """A rule or a file of rules that cannot be used; the text says why, in one sentence."""


@dataclass(slots=True)
class Rule:
    """One rule with its counters: `seen` matching requests so far, `fired` times."""

    action: Action
    given: dict[str, Any]
    path: re.Pattern[str]
    method: str
    turns: list[tuple[int, float]]
    times: float
    probability: float
    after: bool
    chance: Random = field(default_factory=lambda: Random(0))  # noqa: S311
    seen: int = 0
    fired: int = 0

    def fires(self, method: str, path: str) -> bool:
        """Counts a request that matches, and says whether it is one of those meant."""
        if self.method not in {"", method} or not self.path.search(path):
            return False
        self.seen += 1
        meant = any(first <= self.seen <= last for first, last in self.turns)
        if not meant or self.fired >= self.times or self.chance.random() >= self.probability:
            return False
        self.fired += 1
        return True


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

    def firing(self, method: str, path: str) -> list[Rule]:
        """The rules that this request sets off, in their order."""
        with self._lock:
            return [rule for rule in self._rules if rule.fires(method, path)]


def rule_of(given: Mapping[str, Any], number: int = 1) -> Rule:
    if not isinstance(given, Mapping):
        raise FaultError(f"Rule {number} is no mapping of keys to values.")
    action = _action(given, number)
    if unknown := sorted(str(key) for key in given if key not in COMMON | action.keys):
        known = ", ".join(sorted(COMMON | action.keys))
        raise FaultError(f"Rule {number}: {unknown[0]!r} is not known there; known are {known}.")
    if missing := sorted(action.needs - set(given)):
        raise FaultError(f"Rule {number}: {missing[0]!r} is missing.")
    return Rule(
        action=action,
        given=dict(given),
        path=_path(given.get("path", ""), number),
        method=str(given.get("method", "")).upper(),
        turns=_turns(given.get("when", "1-"), number),
        times=_number(given, "times", number, default=float("inf")),
        probability=_number(given, "probability", number, default=1),
        after=bool(given.get("after", False)),
        chance=Random(number),  # noqa: S311
    )


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
    name = str(given.get("action") or ("status" if "status" in given else ""))
    if name not in ACTIONS:
        raise FaultError(f"Rule {number}: {name!r} is no action; there are {', '.join(sorted(ACTIONS))}.")
    return ACTIONS[name]


def _path(given: Any, number: int) -> re.Pattern[str]:
    try:
        return re.compile(str(given))
    except re.error as error:
        raise FaultError(f"Rule {number}: {given!r} is no regular expression: {error}.") from error


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


def _number(given: Mapping[str, Any], key: str, number: int, *, default: float) -> float:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise FaultError(f"Rule {number}: {key} {value!r} is no number from 0 on.")
    return value
