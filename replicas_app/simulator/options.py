"""Everything that can be chosen about a simulated server; docs/simulator.md says more of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from .revisions import REVISIONS, revision


@dataclass(slots=True, kw_only=True)
class Options:
    """ValueError for a value that makes no sense."""

    # what it protects
    replicas: int = 20
    vms: int = 2
    points: int = 20
    seed: int | str = 7
    still: bool = True
    state_dir: str | Path | None = None

    # where it listens
    port: int = 0
    host: str = "127.0.0.1"
    tls: bool = True
    certificate_days: float = 3650
    base_path: str = ""
    name: str = "vbr-sim"

    # who may sign in
    username: str = "svc"
    password: str = field(default="pw1", repr=False)
    role: str = "administrator"
    users: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    mfa_users: Iterable[str] = ()
    token_seconds: int = 900
    lock_after: int = 5
    lock_seconds: int = 1800

    # how it behaves
    versions: Sequence[str] = REVISIONS
    names_versions: bool = True
    swagger: bool = True
    bulk_points: bool = True
    max_limit: int | None = None
    empty_rescan: Literal["refuse", "accept"] = "refuse"
    empty_unauthorized: bool = False
    stop_says_cancelled: bool = False
    rescan_seconds: float = 1.0
    now: datetime | None = None
    utc_offset: str = "+02:00"
    page_cache_mb: int = 96
    faults: Iterable[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        self.versions = _ordered(self.versions)
        self.base_path = "/" + self.base_path.strip("/") if self.base_path.strip("/") else ""
        if self.max_limit is not None and self.max_limit < 1:
            raise ValueError(f"a page of {self.max_limit} records is none")
        for name in ("replicas", "vms", "points", "rescan_seconds", "token_seconds", "page_cache_mb"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} cannot be {getattr(self, name)}")

    @property
    def accounts(self) -> list[tuple[str, str, str]]:
        """(Name, password, role) of everybody."""
        return [(self.username, self.password, self.role), *((name, *rest) for name, rest in self.users.items())]


def _ordered(versions: Sequence[str]) -> tuple[str, ...]:
    """Oldest first. ValueError for a revision that there is not, and for none at all."""
    if not versions:
        raise ValueError("a server supports one revision at least")
    try:
        return tuple(sorted(dict.fromkeys(versions), key=lambda name: revision(name).place))
    except ValueError:
        raise ValueError(f"the revisions are {', '.join(REVISIONS)}, not {', '.join(versions)}") from None
