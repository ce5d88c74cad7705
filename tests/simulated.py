"""Simulated backup servers in one process of their own: `python -m tests.simulated` is that process.

It obeys lines of JSON on its standard input, each `[order, server, …]`, answers each by a line, and ends with its
input. What is asked of the servers does not wait for the tests, nor they for it.
"""

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from replicas_app.simulator import Simulator
from replicas_app.simulator.world.cast import Habit, Replica
from replicas_app.simulator.world.world import STEP_SECONDS

PROJECT = Path(__file__).parents[1]
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Asked:
    """A request that a server answered."""

    method: str
    path: str
    query: dict[str, list[str]]
    api_version: str
    status: int

    @property
    def is_listing(self) -> bool:
        return self.method == "GET" and self.path in ("/api/v1/replicas", "/api/v1/replicaPoints")

    @property
    def is_by_time(self) -> bool:
        """Whether it asks for points that are new, not only how many there are."""
        return "createdAfterFilter" in self.query and self.query.get("limit") != ["1"]


class Simulated:
    """The process as its parent sees it; servers are told apart by their number."""

    def __init__(self, servers: int, options: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.simulated"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        told = [self._order("start", number, options) for number in range(servers)]
        self.servers = [SimpleNamespace(password=options.get("password", "pw1"), **facts) for facts in told]
        """What `tests.factories.make_server_of` wants to know of each."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def asked(self, server: int = 0) -> list[Asked]:
        """The requests since this was last asked, in their order."""
        return [Asked(**fields) for fields in self._order("asked", server)]

    def grow(self, points: int, server: int = 0, *, retention: bool = False) -> int:
        """Let about so many new points be there, and nothing else be different; how many came.

        `retention`: each of them takes the place of the oldest one of its VM.
        """
        return self._order("grow", server, points, retention)

    def freeze(self, server: int = 0) -> None:
        """Let nothing move and nothing go wrong from now on."""
        self._order("freeze", server)

    def world(self, server: int = 0) -> dict[str, list[dict[str, Any]]]:
        """Its `replicas` and its `points` at this moment, as the API has them."""
        return self._order("world", server)

    def sessions(self, server: int = 0) -> list[dict[str, Any]]:
        """The rescans that clients started: `id`, `replicas` (ids), `started` (ISO, by its clock), `has_ended`."""
        return self._order("sessions", server)

    def _order(self, *words: Any) -> Any:
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise SystemExit(f"the simulated servers ended at {words[0]}")
        return json.loads(line)


# The process itself


def obey() -> None:
    simulators: list[Simulator] = []
    with ExitStack() as running:
        for line in sys.stdin:
            order, number, *words = json.loads(line)
            if order == "start":
                simulators.append(running.enter_context(Simulator(name=f"vbr-{number}", seed=number, **words[0])))
            print(json.dumps(ORDERS[order](simulators[number], *words)), flush=True)


def facts(simulator: Simulator, *_: object) -> dict[str, str]:
    return {"url": simulator.url, "username": simulator.username, "fingerprint": simulator.fingerprint}


def asked(simulator: Simulator) -> list[dict[str, Any]]:
    """What was asked since the last time."""
    count = len(simulator.requests)
    seen = simulator.requests[:count]
    del simulator.requests[:count]
    return [
        {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "api_version": request.headers.get("x-api-version", ""),
            "status": request.status,
        }
        for request in seen
    ]


def grow(simulator: Simulator, points: int, retention: bool) -> int:
    """Jobs without a special habit run until they have made so many points; the rest of the world stands still.

    Without retention these jobs keep that many more points.
    """
    world = simulator.world
    plain = [replica for replica in world.cast if replica.habit is Habit.PLAIN]
    seconds, made = 0, {}
    while sum(made.values()) * len(plain[0].vms) < points and seconds < DAY_SECONDS:
        seconds += STEP_SECONDS
        made = runs_until(plain, seconds * 1_000_000)
    for replica in plain:
        for vm in () if retention else replica.vms:
            vm.keeps += made[replica.number]
    until = {replica.id: seconds * 1_000_000 for replica in plain if made[replica.number]}
    seen_at = world._seen_at
    world._seen_at = lambda replica, moment: until.get(replica.id) or seen_at(replica, moment)
    world.seen.update(until)
    simulator.clock.advance(seconds)
    return sum(made[replica.number] * len(replica.vms) for replica in plain)


def runs_until(replicas: list[Replica], moment: int) -> dict[int, int]:
    """How often each has run by then, by its number."""
    return {
        replica.number: replica.schedule.last_finished(moment) - replica.schedule.last_finished(0)
        for replica in replicas
        if replica.vms
    }


def freeze(simulator: Simulator) -> None:
    simulator.faults.clear()
    simulator.clock.freeze()


def world(simulator: Simulator) -> dict[str, Any]:
    return {"replicas": simulator.world.replicas, "points": simulator.world.points}


def sessions(simulator: Simulator) -> list[dict[str, Any]]:
    now = simulator.clock.now()
    return [
        {
            "id": rescan.id,
            "replicas": rescan.replica_ids,
            "started": simulator.clock.text(rescan.started),
            "has_ended": now >= rescan.ended_at(),
        }
        for rescan in simulator.rescans.all()
    ]


ORDERS = {"start": facts, "asked": asked, "grow": grow, "freeze": freeze, "world": world, "sessions": sessions}

if __name__ == "__main__":
    obey()
