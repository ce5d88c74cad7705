"""Whatever mixture of faults a server has: nothing is invented, nothing that is still there is removed, and the first
whole read after it makes everything equal.
"""

from random import Random
from typing import Any

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import Replica, RestorePoint
from replicas_app.simulator import Simulator
from replicas_app.vbr import retries
from tests.factories import make_server_of
from tests.sync.faulty import held, there
from tests.syncing import do_sync

ROUNDS = 4
LISTS = "^/api/v1/replica"
ANSWERS = (
    {"status": 500}, {"status": 503}, {"status": 429, "headers": {"Retry-After": "0"}}, {"action": "reset"},
    {"action": "truncate"}, {"action": "invalid_json"}, {"action": "html", "status": 502}, {"action": "empty"},
    {"action": "expire"}, {"status": 403, "body": {"message": "no"}}, {"action": "cap", "limit": 4},
    {"action": "set", "key": "name", "index": 1, "value": None}, {"action": "set", "at": "data.0", "value": []},
    {"action": "set", "key": "creationTime", "index": 0, "value": "1900-01-01T00:00:00"}, {"action": "shuffle"},
)  # fmt: skip
ROWS = (
    {"action": "drop", "index": 2}, {"action": "repeat", "count": 3}, {"action": "shift", "by": 2},
    {"action": "shift", "by": -2}, {"status": 200, "body": {"data": [], "pagination": {"total": 0}}},
)  # fmt: skip
TOTALS = (
    {"action": "set", "at": "pagination.total", "value": 3}, {"action": "set", "at": "pagination.total", "value": 999},
    {"action": "set", "at": "pagination.total", "value": None}, {"action": "remove", "at": "pagination"},
)  # fmt: skip
"""Not together with those of the rows: a server that leaves out rows and counts wrongly cannot be seen through."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)


def misbehave(simulator: Simulator, chance: Random) -> None:
    """A few faults, each of which hits a request here and there."""
    for rule in chance.sample(ANSWERS, 3) + chance.sample(chance.choice([ROWS, TOTALS]), 2):
        simulator.faults.add({"path": LISTS, "probability": chance.choice([0.15, 0.4, 1]), **rule})


def live_on(simulator: Simulator, chance: Random, number: int) -> None:
    """Some points go, some come, a replica changes its state."""
    points = simulator.world.points
    for point in chance.sample(points, 3):
        points.remove(point)
    now = simulator.clock.text(simulator.clock.now())
    for place in range(3):
        new: dict[str, Any] = {"id": f"00000000-0000-4000-8000-{number:06}{place:06}", "creationTime": now}
        points.append(chance.choice(points) | new)
    chance.choice(simulator.world.replicas)["name"] = f"renamed {number}"


@pytest.mark.parametrize("seed", range(12))
def test_no_mixture_of_faults_invents_a_row_or_a_removal(transactional_db, seed):
    chance = Random(seed)
    with Simulator(replicas=6, vms=2, points=5, seed=seed, max_limit=chance.choice([5, 13, None])) as simulator:
        server, ever = make_server_of(simulator), there(simulator)
        for number in range(ROUNDS):
            misbehave(simulator, chance)
            before = held()
            do_sync(server, full=chance.choice(["", "wanted by the test"]))

            now = there(simulator)
            for was, is_there, is_held in zip(before, now, held(), strict=True):
                assert was & is_there <= is_held
            assert [held_ids <= ids for held_ids, ids in zip(all_rows(), ever, strict=True)] == [True, True]
            simulator.faults.clear()
            live_on(simulator, chance, number)
            ever = tuple(ids | more for ids, more in zip(ever, there(simulator), strict=True))

        run = do_sync(server)

        assert (run.state, held()) == (SyncState.SUCCEEDED, there(simulator))


def all_rows() -> tuple[set[str], set[str]]:
    """Every replica and point that was ever stored."""
    return tuple({str(id) for id in model.objects.values_list("uuid", flat=True)} for model in (Replica, RestorePoint))
