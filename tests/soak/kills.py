"""Who is killed, and at which moment: a seed decides, as far as a machine that runs many processes can be decided."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from random import Random
from typing import LiteralString

import psutil

from tests.soak.house import Eyes, House

LOOK_SECONDS = 0.02
ANY_MOMENT: LiteralString = "SELECT true"
MOMENTS: dict[str, LiteralString] = {
    "a sync connects": "SELECT FROM sync_run WHERE state = 'running' AND step LIKE 'Connect%%'",
    "a sync reads replicas": "SELECT FROM sync_run WHERE state = 'running' AND step LIKE 'Reading replicas%%'",
    "a sync reads points": "SELECT FROM sync_run WHERE state = 'running' AND step LIKE 'Reading%%points%%'",
    "a sync writes": "SELECT FROM sync_run WHERE state = 'running' AND step LIKE 'Writing%%'",
    "a rescan asks": "SELECT FROM rescan WHERE state = 'asking'",
    "a rescan runs": "SELECT FROM rescan WHERE state = 'running'",
    "a rescan has ended": "SELECT FROM rescan WHERE ended_at > now() - interval '5 s' AND next_poll_at IS NOT NULL",
    "anything": ANY_MOMENT,
}
"""When a process that works is killed: as soon as this finds a row."""
CHILD = "worker child"
PARTS = ("worker", "beat", "postgres", "valkey", "web", "web child")
"""Those that are killed at any moment, one after the other: the launcher gives a part up that ends again and again."""


class Killer:
    """Kills by `kill -9`, tells each kill, and counts them by process and by moment."""

    def __init__(self, house: House, random: Random, say: Callable[[str], None]) -> None:
        self.house = house
        self.kills: Counter[str] = Counter()
        self.moments: Counter[str] = Counter()
        self._random = random
        self._say = say
        self._eyes = Eyes(house.dashboard)
        self._plan = self._planned()

    def kill_one(self, until: float) -> None:
        """The next one of the plan, at its moment or at the time `until`, whatever comes first."""
        victim, moment = next(self._plan)
        time.sleep(self._random.uniform(0, max(0, until - time.monotonic()) / 2))
        moment = self._wait_for(moment, until)
        killed = [process.pid for process in self._victims(victim) if _kill(process)]
        if killed:
            self.kills[victim] += 1
            self.moments[moment] += 1
            self._say(f"kill -9 {victim} ({', '.join(map(str, killed))}) while {moment}")

    def close(self) -> None:
        self._eyes.close()

    def _planned(self) -> Iterator[tuple[str, str]]:
        """A child of the worker every second time, in each of the moments; between them all parts in turn."""
        for part, moment in zip(self._shuffled(PARTS), self._shuffled(MOMENTS), strict=False):
            yield CHILD, moment
            yield part, "anything"

    def _shuffled(self, names: Iterable[str]) -> Iterator[str]:
        """One order, again and again: the same part never comes twice in a row."""
        order = list(names)
        self._random.shuffle(order)
        return cycle(order)

    def _wait_for(self, moment: str, until: float) -> str:
        while not self._eyes.rows(MOMENTS[moment]):
            if time.monotonic() > until:
                return "anything"
            time.sleep(LOOK_SECONDS)
        return moment

    def _victims(self, victim: str) -> list[psutil.Process]:
        """Of the worker's children those that speak with a backup server right now; where none does, all of them."""
        part = self.house.part("worker" if victim == CHILD else victim.removesuffix(" child"))
        if part is None or not victim.endswith("child"):
            return [part] if part else []
        children = _children(part)
        if victim == CHILD:
            return [child for child in children if self.house.speaks_with_a_server(child)] or children
        return children[:1]


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []


def _kill(process: psutil.Process) -> bool:
    try:
        os.kill(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
