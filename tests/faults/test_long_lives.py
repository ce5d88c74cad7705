"""A server that lives on and misbehaves for a while: sums follow from rows, and the past can be told."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from replicas_app import history
from replicas_app.choices import MALWARE_SEVERITY, UNKNOWN_MALWARE_SEVERITY, SyncState
from replicas_app.models import BackupServer, Replica, ReplicaVM, RestorePoint
from replicas_app.simulator import Simulator
from replicas_app.vbr import retries
from tests.factories import make_server_of
from tests.sync.faulty import held, there
from tests.sync.test_random_faults import misbehave
from tests.syncing import do_sync

ROUNDS = 12
STATES = ("Ready", "Processing", "Failover", "Levitating", None)
STATUSES = ("Clean", "Infected", "Suspicious", "Informative", "Strange", None)
Past = tuple[dict[str, tuple], dict[str, tuple]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)


class World:
    """What becomes of the replicas and the points of a server, by chance."""

    def __init__(self, simulator: Simulator, chance: Random) -> None:
        self.simulator, self.chance = simulator, chance
        self.gone_points: list[dict[str, Any]] = []
        self.gone_replicas: list[dict[str, Any]] = []
        self.made = 0

    def live_on(self) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            self.chance.choice([
                self.point_comes, self.point_comes, self.point_goes, self.point_is_back, self.point_turns,
                self.point_turns, self.point_is_of_another_vm, self.replica_goes, self.replica_is_back,
                self.replica_turns, self.retention,
            ])()  # fmt: skip

    @property
    def points(self) -> list[dict[str, Any]]:
        return self.simulator.world.points

    @property
    def replicas(self) -> list[dict[str, Any]]:
        return self.simulator.world.replicas

    def point_comes(self) -> None:
        self.made += 1
        now = self.simulator.clock.text(self.simulator.clock.now())
        new = {"id": f"00000000-0000-4000-8000-{self.made:012}", "creationTime": now}
        self.points.append(self.chance.choice(self.points) | new)

    def point_goes(self) -> None:
        if len(self.points) > 20:
            self.gone_points.append(self.points.pop(self.chance.randrange(len(self.points))))

    def retention(self) -> None:
        """A new point takes the place of the oldest of its VM."""
        self.point_comes()
        new = self.points[-1]
        old = min((one for one in self.points if one["name"] == new["name"]), key=lambda one: one["creationTime"])
        if old is not new:
            self.points.remove(old)

    def point_is_back(self) -> None:
        ids = {one["id"] for one in self.replicas}
        if back := [one for one in self.gone_points if one["replicaId"] in ids]:
            self.gone_points.remove(back[0])
            self.points.append(back[0])

    def point_turns(self) -> None:
        point = self.chance.choice(self.points)
        point |= {"state": self.chance.choice(STATES), "malwareStatus": self.chance.choice(STATUSES)}

    def point_is_of_another_vm(self) -> None:
        self.chance.choice(self.points)["name"] = f"renamed-{self.chance.randrange(4)}"

    def replica_turns(self) -> None:
        self.chance.choice(self.replicas)["state"] = self.chance.choice(STATES)

    def replica_goes(self) -> None:
        if len(self.replicas) > 4:
            replica = self.replicas.pop(self.chance.randrange(len(self.replicas)))
            self.gone_replicas.append(replica)
            went = [one for one in self.points if one["replicaId"] == replica["id"]]
            self.gone_points += went
            self.points[:] = [one for one in self.points if one not in went]

    def replica_is_back(self) -> None:
        if self.gone_replicas:
            self.replicas.append(self.gone_replicas.pop(0))


def worst(statuses: list[str]) -> str | None:
    return max(statuses, key=lambda one: MALWARE_SEVERITY.get(one, UNKNOWN_MALWARE_SEVERITY), default=None)


def severity(status: str | None) -> int | None:
    return None if status is None else MALWARE_SEVERITY.get(status, UNKNOWN_MALWARE_SEVERITY)


def assert_that_sums_follow_from_rows() -> None:
    of_vm, of_replica = defaultdict(list), defaultdict(list)
    for point in RestorePoint.objects.present().order_by("created_at", "pk"):
        of_vm[point.vm_id].append(point)
        of_replica[point.replica_id].append(point)
    for vm in ReplicaVM.objects.all():
        points = of_vm[vm.pk]
        assert {point.replica_id for point in points} <= {vm.replica_id}
        told = (vm.point_count, vm.oldest_point_at, vm.newest_point_at, severity(vm.worst_malware), vm.newest_state)
        ends = [points[0].created_at, points[-1].created_at] if points else [None, None]
        state = points[-1].state if points else ""
        assert told == (len(points), *ends, severity(worst([point.malware for point in points])), state)
    for replica in Replica.objects.all():
        points = of_replica[replica.pk]
        told = (replica.point_count, replica.vm_count, severity(replica.worst_malware))
        vms = len({point.vm_id for point in points})
        assert told == (len(points), vms, severity(worst([point.malware for point in points])))


def present() -> Past:
    replicas = {str(one.uuid): (one.state, one.point_count) for one in Replica.objects.present()}
    return replicas, {str(one.uuid): (one.state, one.malware) for one in RestorePoint.objects.present()}


def told_of(server: BackupServer, at: datetime) -> Past:
    then = history.inventory_at(server, at)
    replicas = {str(one.uuid): (one.state, one.points) for one in then.replicas()}
    return replicas, {str(one.uuid): (one.state, one.malware) for one in then.points()}


def stops(chance: Random) -> Iterator[bool]:
    while True:
        yield chance.random() < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_sums_follow_from_rows_and_the_past_can_be_told_whatever_happened(transactional_db, seed):
    chance, past = Random(seed), []
    limit = chance.choice([7, 20, None])
    with Simulator(replicas=7, vms=2, points=5, seed=seed, still=True, max_limit=limit) as simulator:
        server, world = make_server_of(simulator), World(simulator, chance)
        for _ in range(ROUNDS):
            if chance.random() < 0.4:
                misbehave(simulator, chance)
            stop = stops(chance)
            do_sync(server, full=chance.choice(["", "", "wanted by the test"]), should_stop=lambda: next(stop))  # noqa: B023
            simulator.faults.clear()

            assert_that_sums_follow_from_rows()
            past.append((timezone.now(), present()))
            world.live_on()

        run = do_sync(server)
        if run.error_cause == "drop":
            return
        assert (run.state, held()) == (SyncState.SUCCEEDED, there(simulator))
        assert_that_sums_follow_from_rows()
        for at, was in past:
            assert told_of(server, at) == was
