"""What the operations work on: the parts of one simulated server, and the choices in which real servers differ."""

from dataclasses import dataclass

from .accounts import Accounts
from .clock import Clock
from .history import History
from .jobs import Jobs
from .listing import Pages
from .rescans import Rescans
from .revisions import Revision, revision
from .world import World


@dataclass(slots=True)
class Manners:
    """Choices that real servers make one way or the other; tests change them while the server runs."""

    name: str
    versions: tuple[str, ...]
    names_versions: bool
    swagger: bool
    max_limit: int | None
    bulk_points: bool
    empty_rescan: str
    empty_unauthorized: bool
    base_path: str


@dataclass(frozen=True, slots=True)
class Backend:
    server_id: str
    manners: Manners
    clock: Clock
    world: World
    accounts: Accounts
    rescans: Rescans
    history: History
    jobs: Jobs
    pages: Pages

    def newest(self) -> Revision:
        return max((revision(name) for name in self.manners.versions), key=lambda one: one.place)
