"""What it takes to start a program."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Command:
    arguments: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    """Keywords of `subprocess.Popen`: as whom it runs and where."""
