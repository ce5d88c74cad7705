"""Files with rules that make the server misbehave."""

import json
from pathlib import Path
from typing import Any

import pytest

from replicas_app.simulator import FaultError
from replicas_app.simulator.faults import load_rules
from replicas_app.simulator.faults.rules import rule_of

RULES = [
    {"path": "replicas$", "when": "1-2", "status": 503},
    {"action": "set", "key": "endTime", "value": "1900-01-01T00:00:00"},
]


AS_YAML = """
rules:
  - {path: "replicas$", when: 1-2, status: 503}
  - action: set
    key: endTime
    value: 1900-01-01T00:00:00
"""


@pytest.mark.parametrize(
    "text", [json.dumps(RULES), json.dumps({"rules": RULES}), AS_YAML], ids=["list", "mapping", "yaml"]
)
def test_a_script_is_json_or_yaml(text: str, tmp_path: Path):
    script = tmp_path / "faults"
    script.write_text(text)

    assert load_rules(script) == RULES


def test_half_a_character_survives_in_a_script(tmp_path: Path):
    script = tmp_path / "faults.json"
    script.write_text(r'[{"action": "set", "key": "name", "value": "web\ud83d"}]')

    assert load_rules(script)[0]["value"] == "web\ud83d"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"action": "explode"}, ": 'explode' is no action; there are cap, certificate"),
        ({"action": "rest"}, ": 'rest' is no action .was 'reset' meant.."),
        ({"action": 5}, ": 5 is no action; there are"),
        ({}, " has no action; there are cap"),
        ({"acton": "reset"}, " has no action .was 'acton' meant for it..; there are cap"),
        ({"action": "reset", "status": 5}, "'status' is not known there"),
        ({"status": 99}, "status must be a status from 200 to 599, not 99"),
        ({"status": 500, "path": "("}, "path '\\(' is no regular expression"),
        ({"status": 500, "when": "soon"}, "when 'soon' is not like 3, 1-2"),
        ({"status": 500, "times": "two"}, "times must be a number from 0 on"),
        ({"action": "delay"}, "'seconds' is missing"),
        ({"action": "versions", "versions": ["2.0"]}, "versions must be a list of 1.2-rev1"),
        ("reset", "is no mapping"),
    ],
    ids=str,
)
def test_a_rule_that_cannot_be_meant_says_why(rule: Any, said: str):
    with pytest.raises(FaultError, match=f"^Rule 4.*{said}"):
        rule_of(rule, 4)
