"""What goes on in the world of a simulated server while it is read: replicas and points come, go and are renamed."""

from random import Random
from typing import Any

from replicas_app.simulator import Simulator
from replicas_app.simulator.clock import HOUR
from tests.sync.faulty import ids, there

LATEST = 5 * HOUR
"""After so long a time at most a point is listed."""


class Life:
    """Each thing happens at one blow, whatever page is asked for just then.

    `fewest`: replicas that stay; `rate`: how often something happens where it may.
    """

    def __init__(self, simulator: Simulator, chance: Random, *, fewest: int, rate: float) -> None:
        self.simulator, self.world, self.clock, self.chance = simulator, simulator.world, simulator.clock, chance
        self.fewest, self.rate, self.made = fewest, rate, 0
        self.ever = there(simulator)
        self.begin()

    def begin(self) -> None:
        """A read begins."""
        self.always = there(self.simulator)
        """The ids of the replicas and of the points that were there at all times since then."""

    def may_go_on(self) -> bool:
        """For `should_stop`, which is asked at every page: at times something changes, and nothing has to stop."""
        if self.chance.random() < self.rate:
            self.goes_on()
        return False

    def goes_on(self) -> None:
        self.chance.choice(
            [self.a_replica_goes, self.a_replica_comes, self.one_is_renamed, self.points_roll, self.one_comes_late]
        )()
        now = there(self.simulator)
        self.always = tuple(before & ids for before, ids in zip(self.always, now, strict=True))
        self.ever = tuple(before | ids for before, ids in zip(self.ever, now, strict=True))

    def new_id(self) -> str:
        self.made += 1
        return f"00000000-0000-4000-8000-{self.made:012}"

    def new_name(self) -> str:
        return f"{self.chance.choice('AGMSZ')} {self.chance.random()}"

    def a_replica_goes(self) -> None:
        """With its points, unless those were half of all."""
        gone = self.chance.choice(self.world.replicas)
        points = [one for one in self.world.points if one["replicaId"] != gone["id"]]
        if len(self.world.replicas) > self.fewest and len(points) * 2 > len(self.world.points):
            self.world.replicas = [one for one in self.world.replicas if one is not gone]
            self.world.points = points

    def a_replica_comes(self) -> None:
        new = self.chance.choice(self.world.replicas) | {"id": self.new_id(), "name": self.new_name()}
        self.world.replicas = [*self.world.replicas, new]

    def one_is_renamed(self) -> None:
        chosen, new_name = self.chance.choice(self.world.replicas), self.new_name()
        self.world.replicas = [one | {"name": new_name} if one is chosen else one for one in self.world.replicas]

    def points_roll(self) -> None:
        """Retention drops the oldest points, and as many new ones come."""
        for _ in range(self.chance.choice([1, 1, 3])):
            self._one_for_the_oldest(self.clock.now())

    def one_comes_late(self) -> None:
        self._one_for_the_oldest(self.clock.now() - self.chance.randrange(LATEST))

    def _one_for_the_oldest(self, created: int) -> None:
        _, *others = sorted(self.world.points, key=lambda point: self.clock.parse(point["creationTime"]))
        listed = ids(self.world.replicas)
        like = self.chance.choice([point for point in others if point["replicaId"] in listed])
        new: dict[str, Any] = {"id": self.new_id(), "creationTime": self.clock.text(created)}
        self.world.points = [*others, like | new]
