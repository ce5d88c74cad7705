"""Lists that move at random while they are read: replicas and points come and go and are renamed between two pages.

What was there before a read and is there after it is never taken for gone, and a read in a quiet hour brings all.
"""

from random import Random

import pytest

from replicas_app.choices import SyncState
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.sync.faulty import held, ids, there
from tests.syncing import do_sync

ROUNDS = 3
FEWEST = 40


class Life:
    """What goes on in the world of a server. Each thing happens at one blow, whatever page is asked for just then."""

    def __init__(self, simulator: Simulator, chance: Random) -> None:
        self.world, self.clock, self.chance, self.made = simulator.world, simulator.clock, chance, 0

    def goes_on(self) -> bool:
        """For `should_stop`, which is asked at every page: at times something changes, and nothing has to stop."""
        if self.chance.random() < 0.12:
            self.chance.choice([self.a_replica_goes, self.a_replica_comes, self.one_is_renamed, self.points_roll])()
        return False

    def new_id(self) -> str:
        self.made += 1
        return f"00000000-0000-4000-8000-{self.made:012}"

    def new_name(self) -> str:
        return f"{self.chance.choice('AGMSZ')} {self.chance.random()}"

    def a_replica_goes(self) -> None:
        gone = self.chance.choice(self.world.replicas)
        if len(self.world.replicas) > FEWEST:
            self.world.replicas = [one for one in self.world.replicas if one is not gone]
            self.world.points = [one for one in self.world.points if one["replicaId"] != gone["id"]]

    def a_replica_comes(self) -> None:
        new = self.chance.choice(self.world.replicas) | {"id": self.new_id(), "name": self.new_name()}
        self.world.replicas = [*self.world.replicas, new]

    def one_is_renamed(self) -> None:
        chosen, new_name = self.chance.choice(self.world.replicas), self.new_name()
        self.world.replicas = [one | {"name": new_name} if one is chosen else one for one in self.world.replicas]

    def points_roll(self) -> None:
        """Retention drops the oldest point, and a new one comes."""
        _, *others = sorted(self.world.points, key=lambda point: point["creationTime"])
        listed = ids(self.world.replicas)
        like = self.chance.choice([point for point in others if point["replicaId"] in listed])
        self.world.points = [*others, like | {"id": self.new_id(), "creationTime": self.clock.text(self.clock.now())}]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_there_before_and_after_a_read_is_never_taken_for_gone_however_its_lists_move(transactional_db, seed):
    chance = Random(seed)
    with Simulator(replicas=50, vms=1, points=6, seed=seed, max_limit=chance.choice([5, 10]), still=True) as simulator:
        server, life = make_server_of(simulator), Life(simulator, chance)
        do_sync(server)
        for _ in range(ROUNDS):
            held_before, there_before = held(), there(simulator)
            do_sync(server, full=chance.choice(["", "wanted by the test"]), should_stop=life.goes_on)

            every_kind = zip(held_before, there_before, there(simulator), held(), strict=True)
            lost = [
                (before & were_there & are_there) - are_held for before, were_there, are_there, are_held in every_kind
            ]
            assert lost == [set(), set()]
        run = do_sync(server)

        assert (run.state, held()) == (SyncState.SUCCEEDED, there(simulator))
