"""The soak itself: a run of half a minute, and a verdict that sees what it is there to see."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.soak.verdict import MUST_BE_NONE, Verdict, started_twice
from tests.stack.running import PROJECT, surroundings

ASKED = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_short_soak_kills_compares_and_writes_down_what_it_found(tmp_path):
    command = [sys.executable, "-m", "tests.soak", "--minutes", "0.5", "--seed", "3"]

    done = subprocess.run(command, cwd=PROJECT, env=surroundings(tmp_path), capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads((tmp_path / "soak.json").read_text())
    assert {name: written[name] for name in MUST_BE_NONE} == dict.fromkeys(MUST_BE_NONE, 0)
    assert sum(written["kills"].values()) > 0
    assert (written["seed"], written["minutes"]) == (3, 0.5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["soak.json", "soak.log"]


def test_a_verdict_is_good_only_where_nothing_was_found():
    good, bad = Verdict(), Verdict()
    for name in MUST_BE_NONE:
        good.count(name, [])
        bad.count(name, ["one"] if name == "rows_missing" else [])

    assert (good.is_good, bad.is_good) == (True, False)
    assert bad.examples == {"rows_missing": ["one"]}


class Rows:
    """A database in which these rescans were asked for: (session, when, replicas)."""

    def __init__(self, *rows: tuple) -> None:
        self._rows = rows

    def rows(self, *_: object) -> list[tuple]:
        return list(self._rows)


def session(id: str, *replicas: str, after: float = 1) -> dict:
    return {"id": id, "replicas": list(replicas), "started": (ASKED + timedelta(seconds=after)).isoformat()}


@pytest.mark.parametrize(
    ("rescans", "sessions", "twice"),
    [
        ([("s1", ASKED, ["a"])], [session("s1", "a")], []),
        ([("s1", ASKED, ["a"])], [session("s1", "a"), session("s2", "a")], ["s2"]),
        ([(None, ASKED, ["a"])], [session("s1", "a")], []),
        ([(None, ASKED, ["a"])], [session("s1", "a"), session("s2", "a", after=9)], ["s2"]),
        ([(None, ASKED, ["a"])], [session("s1", "b")], ["s1"]),
        ([(None, ASKED, ["a"])], [session("s1", "a", after=600)], ["s1"]),
        ([(None, ASKED, ["a"])], [], []),
    ],
)
def test_a_session_counts_as_started_twice_where_no_rescan_accounts_for_it(rescans, sessions, twice):
    assert started_twice(Rows(*rescans), "lab", sessions) == twice
