"""What it takes to start a program: its arguments, and as whom and where it runs."""

import os
import pwd
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Command:
    """A program and how to start it. `options` are keywords of `subprocess.Popen`."""

    arguments: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


def as_ordinary_user(folder: Path) -> dict[str, Any]:
    """Options that start a program in `folder`; for root as `nobody`, because Postgres refuses to run as root."""
    options: dict[str, Any] = {"cwd": folder, "umask": 0o077}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return options


def give_to_ordinary_user(folder: Path) -> None:
    """Make `folder` private to whoever `as_ordinary_user` starts programs as."""
    folder.chmod(0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def give_file_to_ordinary_user(descriptor: int) -> None:
    """Let whoever `as_ordinary_user` starts programs as open this file of ours anew."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.fchown(descriptor, nobody.pw_uid, nobody.pw_gid)
