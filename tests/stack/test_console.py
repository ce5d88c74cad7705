"""What the lines look like."""

import io

import pytest

from dashboard.stack.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def a_colourful_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_parts_are_told_apart_by_name_and_on_a_terminal_by_colour():
    terminal = Terminal()

    console = Console(terminal)
    console.line("web", "first")
    console.line("worker", "second")
    console.line("web", "third")

    first, second, third = terminal.getvalue().splitlines()
    assert first == "\x1b[36mweb       |\x1b[0m first"
    assert second.startswith("\x1b[33mworker    |")
    assert third.startswith("\x1b[36mweb       |")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["a file", "NO_COLOR"])
def test_elsewhere_there_is_no_colour(stream, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    Console(stream).line("web", "first")

    assert stream.getvalue() == "web       | first\n"


def test_a_terminal_that_has_gone_away_is_no_reason_to_stop():
    terminal = Terminal()
    console = Console(terminal)
    terminal.close()

    console.say("into nowhere")
    console.say("and again")
