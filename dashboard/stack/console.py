"""What `make run` prints: lines of many parts, told apart by name and colour."""

import os
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92)
WIDTH = 9


class Console:
    """A terminal, or a file, where there is no colour. One that has gone away is no reason to stop."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.has_colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.colours: dict[str, int] = {}

    def say(self, text: str) -> None:
        """A line of the launcher itself."""
        self.line("stack", text)

    def line(self, name: str, text: str) -> None:
        colour = self.colours.setdefault(name, COLOURS[len(self.colours) % len(COLOURS)])
        label = f"{name:<{WIDTH}} |"
        self._write(f"\x1b[{colour}m{label}\x1b[0m {text}\n" if self.has_colour else f"{label} {text}\n")

    def block(self, title: str, facts: dict[str, str]) -> None:
        """A few facts under a title, with air around them."""
        rows = "".join(f"  {name:<8} {fact}\n" for name, fact in facts.items())
        head = f"\x1b[1m{title}\x1b[0m" if self.has_colour else title
        self._write(f"\n  {head}\n\n{rows}\n")

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self.stream = open(os.devnull, "w")  # noqa: PTH123, SIM115  for the rest of our life
