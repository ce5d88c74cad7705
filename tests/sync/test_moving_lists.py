"""Lists that move at random while they are read: replicas and points come and go and are renamed between two pages.

What was there before a read and is there after it is never taken for gone, and a read in a quiet hour brings all.
"""

from random import Random

import pytest
from django.db.models import Sum

from replicas_app.choices import SyncState
from replicas_app.models import BackupServer, Replica, RestorePoint
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.sync.faulty import POINTS, Watched, held, there
from tests.sync.moving_world import Life
from tests.syncing import do_sync

ROUNDS = 3
INTERVALS = 3
NOTHING = {"status": 200, "body": {"data": [], "pagination": {"total": 0}}}
KINDS = {
    "one list": ({}, []),
    "replica by replica": ({"bulk_points": False}, []),
    "times taken for other ones": ({}, [{"path": POINTS, "query": "createdBeforeFilter", **NOTHING}]),
}
"""Of a server: what is chosen about it, and its faults."""


def lost(held_before: tuple[set[str], set[str]], life: Life) -> list[set[str]]:
    """The replicas and the points that were there all the time and count as gone."""
    return [(before & always) - now for before, always, now in zip(held_before, life.always, held(), strict=True)]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_there_before_and_after_a_read_is_never_taken_for_gone_however_its_lists_move(transactional_db, seed):
    chance = Random(seed)
    with Simulator(replicas=50, vms=1, points=6, seed=seed, max_limit=chance.choice([5, 10]), still=True) as simulator:
        server, life = make_server_of(simulator), Life(simulator, chance, fewest=40, rate=0.12)
        do_sync(server)
        for _ in range(ROUNDS):
            life.begin()
            held_before = held()
            do_sync(server, full=chance.choice(["", "wanted by the test"]), should_stop=life.may_go_on)

            assert lost(held_before, life) == [set(), set()]
        run = do_sync(server)

        assert (run.state, held()) == (SyncState.SUCCEEDED, there(simulator))


@pytest.mark.parametrize("seed", [0, 1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_no_interval_of_a_server_that_lives_on_loses_or_invents_anything(transactional_db, kind, seed):
    """Nor any sweep that one becomes. Each page is the last before something may change: so a seed tells all."""
    chance, (options, faults) = Random(seed), KINDS[kind]
    with Simulator(replicas=8, vms=2, points=4, seed=seed, max_limit=3, still=True, **options) as simulator:
        server, life = make_server_of(simulator), Life(simulator, chance, fewest=7, rate=0.12)
        do_sync(server)
        for rule in faults:
            simulator.faults.add(rule)
        for _ in range(INTERVALS):
            simulator.clock.advance(server.sync_interval_seconds)
            life.goes_on()
            life.begin()
            held_before, simulator.requests = held(), Watched(life.may_go_on)
            do_sync(server, full="")
            simulator.requests = []

            assert lost(held_before, life) == [set(), set()]
            assert [now <= ever for now, ever in zip(held(), life.ever, strict=True)] == [True, True]
            assert figures_agree(server)
        quiet = do_sync(server, full="")
        in_number = [len(ids) for ids in held()]
        run = do_sync(server)

        assert (quiet.state, in_number) == (SyncState.SUCCEEDED, [len(ids) for ids in there(simulator)])
        assert (run.state, held()) == (SyncState.SUCCEEDED, there(simulator))


def figures_agree(server: BackupServer) -> bool:
    """Whether the replicas together count as many points as there are rows of them."""
    counted = Replica.objects.filter(server=server).aggregate(points=Sum("point_count"))["points"]
    return counted == RestorePoint.objects.present().filter(server=server).count()
