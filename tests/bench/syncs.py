"""Cases: one server is read for the first time, again unchanged, at an interval, and after some new points."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench import floors
from tests.bench.bench import Bench
from tests.bench.reader import Reader
from tests.bench.results import Result
from tests.factories import make_server_of
from tests.simulated import Asked, Simulated

REPLICAS = 10_000
VMS = 2
POINTS = 150_000
MANY_POINTS = 1_500_000
MEGABYTES_PER_1000_POINTS = 0.5
STORED = ("replica", "replica_vm", "restore_point")
INVENTORY = (*STORED, "event")
RUNS = 3
SWEEPS = 9
INTERVALS = 9
NEW_SHARE = 0.01


@dataclass
class Subject:
    """A simulated server and its row."""

    bench: Bench
    world: Simulated
    server_id: int = 0

    def connect(self) -> None:
        """On an empty database."""
        self.bench.back_to()
        self.server_id = make_server_of(self.world.servers[0]).pk

    def read(self, reader: Reader, *, full: str = "") -> tuple[dict[str, Any], list[Asked]]:
        """What a sync took, and what it asked."""
        self.world.asked()
        return reader.read(self.server_id, full=full), self.world.asked()

    def sweep(self, reader: Reader) -> tuple[dict[str, Any], list[Asked]]:
        return self.read(reader, full="the benchmark")

    def fetching(self, asked: list[Asked]) -> float:
        """What it takes to fetch these listings bare."""
        return floors.fetching(self.world.servers[0], [one for one in asked if one.is_listing])


@contextmanager
def subject(bench: Bench, points: int) -> Iterator[Subject]:
    """A server that was read a minute ago: it has its pages ready, and the database its rows.

    It is read twice: one that has nothing ready is slow to answer, so it is asked for other pages than later.
    """
    sizes = {"replicas": bench.sized(REPLICAS), "vms": VMS, "points": at_least_in_all(bench.sized(points))}
    cache = 96 + round(points * MEGABYTES_PER_1000_POINTS / 1000)
    with bench.simulated(**sizes, page_cache_mb=cache, token_seconds=86_400) as world:
        subject = Subject(bench, world)
        for _ in range(2):
            subject.connect()
            with Reader() as reader:
                subject.sweep(reader)
        bench.vacuum()
        bench.say(f"a server of {sizes['replicas']:,} replicas and {sizes['points']:,} points is up")
        yield subject


def at_least_in_all(points: int) -> int:
    """The simulator takes a number up to 1,000 for the points of each VM."""
    return max(points, 1001)


def first(bench: Bench) -> Iterator[Result]:
    ours, floor, _ = _first(bench, POINTS, RUNS)
    yield Result(f"first full sync, {bench.sized(POINTS):,} points", ours, 1.3, floor=floor)


def million(bench: Bench) -> Iterator[Result]:
    """The smaller one again, for its memory."""
    _, _, small = _first(bench, POINTS, 1)
    ours, floor, large = _first(bench, MANY_POINTS, 1)
    name = f"first full sync, {bench.sized(MANY_POINTS):,} points"
    yield Result(name, ours, 1.3, floor=floor)
    bench.say(f"peak memory of the process that syncs: {small:.1f} MB, then {large:.1f} MB")
    yield Result(f"{name}: memory above {bench.sized(POINTS):,}", large - small, 20, unit="MB")


def _first(bench: Bench, points: int, runs: int) -> tuple[float, float, float]:
    """Medians of what we take and of the floor, and the peak of memory. Each time in a new process."""
    ours, floor, peaks = [], [], []
    with subject(bench, points) as reading:
        for _ in range(runs):
            reading.connect()
            with Reader() as reader:
                took, asked = reading.sweep(reader)
            ours.append(took["seconds"])
            peaks.append(took["peak"])
            fetch, copy = reading.fetching(asked), floors.copying(STORED)
            floor.append(fetch + copy)
            bench.say(f"ours {ours[-1]:.2f} s; bare fetch {fetch:.2f} s, bare COPY {copy:.2f} s")
    return median(ours), median(floor), max(peaks)


def sweep(bench: Bench) -> Iterator[Result]:
    with subject(bench, POINTS) as reading, Reader() as reader:
        reading.sweep(reader)  # whatever the second look at a server may write
        written = bench.rows_written(*INVENTORY)
        ours, floor, memory = [], [], []
        for _ in range(SWEEPS):
            took, asked = reading.sweep(reader)
            ours.append(took["seconds"])
            memory.append(took["now"])
            floor.append(reading.fetching(asked))
            bench.say(f"ours {ours[-1]:.2f} s; bare fetch {floor[-1]:.2f} s")
        written = bench.rows_written(*INVENTORY) - written
    yield Result(f"full sweep, nothing changed, {bench.sized(POINTS):,} points", median(ours), 1.5, floor=median(floor))
    yield Result("full sweep, nothing changed: rows written in the inventory", written, 0, unit="rows")
    name = f"memory of one process after {1 + SWEEPS} full sweeps, against the second"
    yield Result(name, memory[-1], 1.1, unit="MB", floor=memory[0])


def quiet(bench: Bench) -> Iterator[Result]:
    with subject(bench, POINTS) as reading, Reader() as reader:
        reading.read(reader)
        syncs = [reading.read(reader) for _ in range(INTERVALS)]
        took, asked = syncs[-1]
        three = reading.fetching([one for one in asked if one.is_listing][:3])
    bench.say(f"three requests, bare, take {three * 1000:.1f} ms; {took['counts']}")
    yield Result("interval sync, quiet server: requests", max(len(asked) for _, asked in syncs), 8, unit="requests")
    yield Result("interval sync, quiet server", median(took["seconds"] for took, _ in syncs), 0.3)


def one_percent(bench: Bench) -> Iterator[Result]:
    """The same interval again and again: after the first one the simulator has the pages ready."""
    with subject(bench, POINTS) as reading, Reader() as reader:
        reading.read(reader)
        came = reading.world.grow(bench.sized(round(POINTS * NEW_SHARE)))
        bench.keep("before")
        ours, floor, new_alone = [], [], []
        for _ in range(1 + RUNS):
            bench.back_to("before")
            took, asked = reading.read(reader)
            ours.append(took["seconds"])
            floor.append(reading.fetching(asked))
            new_alone.append(reading.fetching([one for one in asked if one.is_by_time]))
            bench.say(f"ours {ours[-1]:.3f} s; bare fetch of all {floor[-1]:.3f} s, of the new {new_alone[-1]:.3f} s")
    bench.say(f"{came:,} new points; {len(asked)} requests; {took['counts']}")
    name, ours = f"interval sync, 1 % new points ({came:,})", median(ours[1:])
    yield Result(f"{name}, against all that it has to ask", ours, 1.5, floor=median(floor[1:]))
    yield Result(f"{name}, against these points alone", ours, 1.5, floor=median(new_alone[1:]))
