"""Who is killed, and at which moment: a seed decides, as far as a machine that runs many processes can be decided."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle
from random import Random

import psutil

from tests.soak.house import Eyes, House
from tests.soak.phases import PHASES, WITHOUT_A_SERVER, going_on

LOOK_SECONDS = 0.01
CHILDREN = ("worker child", "rescans child")
"""They speak with backup servers, and are killed every second time: the one reads, the other takes steps of rescans."""
PARTS = ("worker", "rescans", "beat", "postgres", "valkey", "web", "web child")
"""Those that are killed in turn, between two kills of a worker's child: the launcher gives up what ends too often."""


class Tally:
    """Which process was killed in which phases, and which phase wants to be struck next."""

    def __init__(self) -> None:
        self.kills: Counter[str] = Counter()
        self.struck: dict[str, Counter[str]] = {}
        """By process: in how many of its kills somebody was in that phase. One kill may strike several."""

    def count(self, victim: str, phases: frozenset[str]) -> None:
        self.kills[victim] += 1
        self.struck.setdefault(victim, Counter()).update(phases)

    @property
    def by_phase(self) -> dict[str, int]:
        """How many kills struck each phase, whatever was killed."""
        return {phase: self.struck_in_all(phase) for phase in PHASES}

    def rarest(self, victim: str, order: list[str]) -> str:
        """The phase that kills of this process have struck least, then all kills; the first in `order` of several."""
        mine = self.struck.get(victim, Counter())
        return min(order, key=lambda phase: (mine[phase], self.struck_in_all(phase)))

    def struck_in_all(self, phase: str) -> int:
        return sum(struck[phase] for struck in self.struck.values())


class Killer:
    """Kills by `kill -9`, tells each kill, and counts them by process and by phase."""

    def __init__(self, house: House, random: Random, say: Callable[[str], None]) -> None:
        self.house = house
        self.tally = Tally()
        self._random = random
        self._say = say
        self._eyes = Eyes(house.dashboard)
        self._plan = self._planned()

    def kill_one(self, until: float) -> None:
        """The next one of the plan, in the phase that it was killed in least, or at the time `until`."""
        victim = next(self._plan)
        time.sleep(self._random.uniform(0, max(0, until - time.monotonic()) / 2))
        wanted = self.tally.rarest(victim, self._random.sample(PHASES, len(PHASES)))
        phases = self._wait_for(wanted, until)
        killed = [process.pid for process in self._victims(victim, wanted) if _kill(process)]
        if killed:
            self.tally.count(victim, phases)
            self._say(f"kill -9 {victim} ({', '.join(map(str, killed))}) while {', '.join(sorted(phases))}")

    def close(self) -> None:
        self._eyes.close()

    def _planned(self) -> Iterator[str]:
        """A child of a worker every second time; between them all parts in turn."""
        order = self._random.sample(PARTS, len(PARTS))
        for child, part in zip(cycle(CHILDREN), cycle(order), strict=False):
            yield child
            yield part

    def _wait_for(self, wanted: str, until: float) -> frozenset[str]:
        """What is going on when it has come to that, or when it is time."""
        while wanted not in (phases := going_on(self._eyes)) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        return phases

    def _victims(self, victim: str, wanted: str) -> list[psutil.Process]:
        """Of a worker's children those that speak with a backup server right now, where the phase is one of speaking;
        where none does, all of them."""
        part = self.house.part(victim.removesuffix(" child"))
        if part is None or not victim.endswith("child"):
            return [part] if part else []
        children = _children(part)
        if victim not in CHILDREN:
            return children[:1]
        if wanted in WITHOUT_A_SERVER:
            return children
        return [child for child in children if self.house.speaks_with_a_server(child)] or children


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
