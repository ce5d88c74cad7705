"""What the operations work on: the parts of one simulated server, and the choices in which real servers differ."""

from dataclasses import dataclass, fields

from .accounts import Accounts, users_of
from .clock import Clock
from .history import History
from .jobs import Jobs
from .listing import Pages
from .memory import Memory
from .options import Options
from .rescans import Rescans
from .revisions import Revision, revision
from .world import Sizes, World
from .world.ids import Ids


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


def assembled(options: Options, clock: Clock, memory: Memory) -> Backend:
    """All parts of a server but its wire."""
    seed = options.seed
    sizes = Sizes(options.replicas, options.vms, options.points)
    world = World(seed, sizes, clock=clock, memory=memory, still=options.still)
    users = users_of(options.accounts, options.mfa_users)
    history = History(world, clock, seed)
    return Backend(
        server_id=Ids(seed, "server").of(0),
        manners=_manners(options),
        clock=clock,
        world=world,
        accounts=Accounts(users, options.token_seconds, options.lock_after, options.lock_seconds),
        rescans=Rescans(world, clock, memory, options.rescan_seconds, options.stop_says_cancelled),
        history=history,
        jobs=Jobs(world, history, clock, seed),
        pages=Pages(options.page_cache_mb * 1_000_000),
    )


def _manners(options: Options) -> Manners:
    return Manners(**{part.name: getattr(options, part.name) for part in fields(Manners)})
