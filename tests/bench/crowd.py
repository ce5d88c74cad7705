"""Case: twenty servers are read at once by a worker with two processes."""

from collections.abc import Iterator, Sequence
from statistics import median

from replicas_app import sync, tasks
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.models import BackupServer, SyncRun
from tests.bench import floors
from tests.bench.bench import Bench
from tests.bench.reader import Reader
from tests.bench.results import Result
from tests.bench.syncs import VMS, at_least_in_all
from tests.factories import make_server_of
from tests.simulated import Simulated
from tests.waiting import wait_until
from tests.workers import worker

SERVERS = 20
CHILDREN = 2
ALONE = 3
REPLICAS = 1_000
POINTS = 15_000
LONGEST_SECONDS = 300


def twenty(bench: Bench) -> Iterator[Result]:
    """Three servers one after the other, then twenty at once; all for the first time, by the same worker."""
    sizes = {"replicas": bench.sized(REPLICAS), "vms": VMS, "points": at_least_in_all(bench.sized(POINTS))}
    with bench.simulated(CHILDREN + ALONE + SERVERS, **sizes, token_seconds=86_400) as world:
        make_pages_ready(bench, world)
        bench.back_to()
        servers = [make_server_of(one, f"vbr-{number:02}") for number, one in enumerate(world.servers)]
        with worker(CHILDREN, is_heard=False):
            read(servers[:CHILDREN])
            alone = [read([server]) for server in servers[CHILDREN : CHILDREN + ALONE]]
            waits = bench.lock_waits()
            together = read(servers[CHILDREN + ALONE :])
    bench.say(f"one alone {', '.join(f'{seconds:.2f} s' for seconds in alone)}; {SERVERS} at once {together:.2f} s")
    yield Result(f"{SERVERS} servers at once, {CHILDREN} workers", together, 14, floor=median(alone))
    waits = bench.lock_waits() - waits
    yield Result(f"{SERVERS} servers at once: waits for a lock over 100 ms", waits, 0, unit="waits")


def make_pages_ready(bench: Bench, world: Simulated) -> None:
    """A sync of the first tells which pages are wanted; the others are asked for the same."""
    bench.back_to()
    with Reader() as reader:
        reader.read(make_server_of(world.servers[0]).pk)
    asked = [one for one in world.asked() if one.is_listing]
    for server in world.servers[1:]:
        floors.fetching(server, asked)


def read(servers: Sequence[BackupServer]) -> float:
    """Seconds from the wish for the first of these syncs to the end of the last."""
    runs = [sync.request(server, SyncTrigger.SHELL)[0] for server in servers]
    for run in runs:
        tasks.sync_server.delay(run.pk)
    keys = [run.pk for run in runs]
    wait_until(lambda: not SyncRun.objects.open().filter(pk__in=keys).exists(), LONGEST_SECONDS)
    done = SyncRun.objects.filter(pk__in=keys)
    for run in done:
        if run.state != SyncState.SUCCEEDED:
            raise SystemExit(f"The sync of {run.server} ended as {run.state}: {run.error}")
    return (max(run.ended_at for run in done) - min(run.queued_at for run in done)).total_seconds()
