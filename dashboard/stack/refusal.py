"""How the stack says no."""

from pathlib import Path


class CannotStart(Exception):
    """The stack cannot come up; the text is one sentence that says what to do."""


def full_disk(data: Path, how: str = "") -> str:
    """The sentence for a disk without room for the data; `how` full it is, if we know."""
    return f"The disk of {data} is full{how}: free some space, or set DATA_DIR to a folder on another disk."
