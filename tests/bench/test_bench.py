"""The bench itself, on worlds so small that its figures mean nothing: that it runs, what it writes, how it judges."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.results import Result, table
from tests.stack.running import PROJECT, surroundings

KEYS = ["case", "ours", "floor", "unit", "ratio", "goal", "met"]


def bench(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=surroundings(data), capture_output=True, text=True)


def test_the_bench_prints_a_table_and_writes_the_same_as_json_on_servers_of_its_own(tmp_path):
    done = bench(tmp_path, "sweep", "--scale", "0.003")

    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "bench.json").read_text())
    assert [list(result) for result in written] == [KEYS, KEYS, KEYS]
    ratio, rows, memory = written
    assert ratio["ratio"] == pytest.approx(ratio["ours"] / ratio["floor"], rel=0.01)
    assert rows == {
        "case": "full sweep, nothing changed: rows written in the inventory",
        "ours": 0,
        "floor": None,
        "unit": "rows",
        "ratio": None,
        "goal": 0,
        "met": True,
    }
    assert (memory["unit"], memory["goal"]) == ("MB", 1.1)
    assert done.stdout.startswith("| case ")
    assert done.stdout.count("\n") == 5
    assert [path.name for path in tmp_path.iterdir()] == ["bench.json"]


def test_a_case_that_there_is_not_is_refused_by_name(tmp_path):
    done = bench(tmp_path, "first", "fastest")

    assert done.returncode == 2
    assert "there is no case fastest" in done.stderr


@pytest.mark.parametrize(
    ("result", "is_met"),
    [
        (Result("a ratio", ours=1.3, floor=1, goal=1.3), True),
        (Result("a ratio", ours=1.31, floor=1, goal=1.3), False),
        (Result("a rate", ours=50, floor=100, goal=0.5, unit="requests/s", at_least=True), True),
        (Result("a rate", ours=49, floor=100, goal=0.5, unit="requests/s", at_least=True), False),
        (Result("an amount", ours=8, goal=8, unit="requests"), True),
        (Result("an amount", ours=9, goal=8, unit="requests"), False),
    ],
)
def test_a_goal_is_a_ratio_where_there_is_a_floor_and_an_amount_where_there_is_none(result, is_met):
    assert result.is_met is is_met
    assert result.as_json()["met"] is is_met


def test_the_table_says_units_goals_and_what_is_not_reached():
    lines = table([Result("first", 1.5, 1.3, floor=0.5), Result("rows", 3, 0, unit="rows")]).splitlines()

    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]] == [
        ["first", "1.50 s", "500.0 ms", "3.00 ×", "≤ 1.3 ×", "**no**"],
        ["rows", "3 rows", "–", "–", "≤ 0 rows", "**no**"],
    ]
