"""As whom Postgres runs. It refuses root; so for root it runs as the owner of its data, at first as `nobody`."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Owner:
    """An ordinary user and group, or, where we are one ourselves, us."""

    user: int
    group: int

    @classmethod
    def of(cls, data: Path) -> "Owner":
        """Whoever owns the data folder; who will, where there is none yet."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        if data.exists() and (found := data.stat()).st_uid != 0:
            return cls(found.st_uid, found.st_gid)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    @property
    def is_us(self) -> bool:
        return self.user == os.geteuid()

    def options(self, folder: Path) -> dict[str, Any]:
        """Keywords for `subprocess.Popen` that start a program as this owner in `folder`."""
        options: dict[str, Any] = {"cwd": folder, "umask": 0o077}
        return options if self.is_us else options | {"user": self.user, "group": self.group, "extra_groups": []}

    def take(self, thing: Path | int) -> None:
        """Make a folder, or an open file, this owner's own."""
        if not self.is_us:
            os.chown(thing, self.user, self.group)
        os.chmod(thing, 0o700)  # noqa: PTH101  an open file has no path
