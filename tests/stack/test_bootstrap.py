"""The way from a bare Python to .venv, with a Python that only writes down what it is asked."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.running import PROJECT

FAKE = """#!/bin/sh
# Answers as a Python would: its version, whether it can make a venv, a venv with itself in it, and what pip says.
echo "$*" >> "$ASKED"
case "$*" in
  *version_info*) echo "${FAKE_VERSION:-3.13}" ;;
  *ensurepip*) exit "${FAKE_NO_VENV:-0}" ;;
  *"-m venv"*) for last; do :; done; rm -rf "$last"; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;
  *"-m pip"*) [ -z "$FAKE_PIP_SAYS" ] || { echo "$FAKE_PIP_SAYS"; exit 1; } ;;
  *dashboard.stack*) echo "the dashboard runs" ;;
esac
"""


class Newcomer:
    """A fresh copy of what the two commands need, and a Python."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "the project"
        (self.project / "dashboard").mkdir(parents=True)
        for name in ("dashboard/bootstrap.py", "Makefile", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(PROJECT / name, self.project / name)
        self.python = folder / "python"
        self.python.write_text(FAKE)
        self.python.chmod(0o755)
        self.asked = folder / "asked"

    def make_run(self, **variables: str) -> subprocess.CompletedProcess[str]:
        self.asked.write_text("")
        bootstrap = [sys.executable, "dashboard/bootstrap.py", "run"]
        environment = os.environ | {"PYTHON": str(self.python), "ASKED": str(self.asked)} | variables
        return subprocess.run(bootstrap, cwd=self.project, env=environment, capture_output=True, text=True)

    def count(self, what: str) -> int:
        return self.asked.read_text().count(what)


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path)


def test_the_first_start_installs_and_the_second_does_not(newcomer):
    first = newcomer.make_run()
    installed = newcomer.count("-m pip install")
    second = newcomer.make_run()

    assert (first.stdout, second.stdout) == ("the dashboard runs\n", "the dashboard runs\n")
    assert (installed, newcomer.count("-m pip install")) == (1, 0)
    assert second.stderr == ""


def test_changed_requirements_are_installed_into_the_same_venv(newcomer):
    newcomer.make_run()
    with (newcomer.project / "requirements.txt").open("a") as requirements:
        requirements.write("one-more==1.0\n")

    newcomer.make_run()

    assert (newcomer.count("-m venv"), newcomer.count("-m pip install")) == (0, 1)


def test_a_venv_that_was_cut_off_in_the_making_is_made_anew(newcomer):
    newcomer.make_run()
    (newcomer.project / ".venv" / "installed").unlink()  # it is written last

    assert newcomer.make_run().stdout == "the dashboard runs\n"
    assert (newcomer.count("-m venv"), newcomer.count("-m pip install")) == (1, 1)


def test_a_venv_whose_python_is_gone_is_made_anew(newcomer):
    newcomer.make_run()
    (newcomer.project / ".venv" / "bin" / "python").unlink()

    assert newcomer.make_run().stdout == "the dashboard runs\n"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"FAKE_VERSION": "3.10"},
            "The dashboard needs Python 3.11 or newer, and {python} is Python 3.10: install a newer one, or name it, as"
            " in PYTHON=/usr/bin/python3.12 make run.\n",
        ),
        (
            {"PYTHON": "/no/python"},
            "The dashboard needs Python 3.11 or newer, and there is no /no/python: install a newer one, or name it, as"
            " in PYTHON=/usr/bin/python3.12 make run.\n",
        ),
        (
            {"FAKE_NO_VENV": "1"},
            "This Python ({python}) cannot make virtual environments: install its venv module (on Debian and Ubuntu:"
            " apt-get install python3-venv), then start again.\n",
        ),
        (
            {"FAKE_PIP_SAYS": "ERROR: Could not install packages: [Errno 28] No space left on device"},
            "The disk of {project} is full: free about 500 MB and start again.\n",
        ),
        (
            {"FAKE_PIP_SAYS": "ERROR: No matching distribution found for celery"},
            "pip could not install the requirements, for the reason above: ERROR: No matching distribution found for"
            " celery\n",
        ),
    ],
    ids=["an old Python", "no Python", "no venv module", "a full disk", "no network"],
)
def test_what_is_missing_is_one_sentence_and_the_next_start_goes_on(newcomer, variables, sentence):
    done = newcomer.make_run(**variables)

    assert done.returncode == 1
    assert done.stderr.endswith(sentence.format(python=newcomer.python, project=newcomer.project))
    assert "Traceback" not in done.stderr
    assert newcomer.make_run().stdout == "the dashboard runs\n"


def test_every_python_3_can_read_the_file_that_tells_it_that_it_is_too_old():
    source = (PROJECT / "dashboard" / "bootstrap.py").read_text()

    assert ast.parse(source, feature_version=(3, 4))


def test_without_any_python_make_says_so(newcomer):
    done = subprocess.run(
        ["make", "run"],
        cwd=newcomer.project,
        env=os.environ | {"PYTHON": "no-such-python"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("There is no no-such-python here: install Python 3.11 or newer")
