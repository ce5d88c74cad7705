"""Commands of this code, with this Python."""

import os
import sys
from pathlib import Path

from dashboard.environment import PROJECT
from dashboard.stack.command import Command


def python(data: Path, *arguments: str, pass_fds: tuple[int, ...] = (), **variables: str) -> Command:
    """A Python command on the data folder `data`, with more variables in its environment."""
    environment = os.environ | {"DATA_DIR": str(data), "PYTHONUNBUFFERED": "1"} | variables
    return Command((sys.executable, *arguments), {"cwd": PROJECT, "env": environment, "pass_fds": pass_fds})
