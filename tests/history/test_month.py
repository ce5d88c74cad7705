"""A month of a living server, read every few hours: any instant of it can be rebuilt as it was seen then."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.utils import timezone

from replicas_app import history
from replicas_app.choices import EventKind, SyncState
from replicas_app.models import BackupServer, Event, Replica, ReplicaVM, RestorePoint
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.syncing import do_sync

START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 30
READS_A_DAY = 2
FULL_EVERY = 3
"""Each third read is a full sweep: only such a one sees what went, and what changed of old points."""
INSTANTS = 40


@dataclass(frozen=True)
class Seen:
    """What the tables held after one read: the rows that were there, with state and malware status."""

    replicas: dict[object, tuple]
    vms: dict[object, tuple]
    points: dict[object, tuple]

    @classmethod
    def now(cls) -> "Seen":
        replicas = Replica.objects.present().values_list(
            "uuid", "state", "worst_malware", "vm_count", "point_count", "newest_point_at"
        )
        vms = ReplicaVM.objects.present().values_list(
            "pk", "newest_state", "newest_malware", "worst_malware", "point_count", "newest_point_at", "newest_clean_at"
        )
        points = RestorePoint.objects.present().values_list("uuid", "state", "malware")
        return cls(*({row[0]: row[1:] for row in rows} for rows in (replicas, vms, points)))

    @classmethod
    def rebuilt(cls, server: BackupServer, at: datetime) -> "Seen":
        then = history.inventory_at(server, at)
        return cls(
            {row.uuid: (row.state, row.malware, row.vms, row.points, row.newest_point_at) for row in then.replicas()},
            {
                row.pk: (
                    row.state,
                    row.malware,
                    row.worst_malware,
                    row.points,
                    row.newest_point_at,
                    row.newest_clean_at,
                )
                for row in then.vms()
            },
            {row.uuid: (row.state, row.malware) for row in then.points()},
        )


NOTHING = Seen({}, {}, {})


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(replicas=12, vms=2, points=12, seed=7, still=False, now=START, tls=True) as simulator:
        simulator.clock.freeze()
        yield simulator


@contextmanager
def it_is(moment: datetime) -> Iterator[None]:
    with mock.patch.object(timezone, "now", lambda: moment):
        yield


def replicas_come_and_go(simulator: Simulator, number: int, chance: random.Random) -> None:
    """Now and then one is away, and most of them come back."""
    away = simulator.world.away
    if number % 4 == 2:
        away.add(chance.choice([member.id for member in simulator.world.cast]))
    if number % 5 == 4 and away:
        away.discard(chance.choice(sorted(away)))


def test_every_instant_of_a_month_can_be_rebuilt_as_it_was_seen_then(transactional_db, simulator):
    chance = random.Random(8)
    server = make_server_of(simulator)
    seen: list[tuple[datetime, Seen]] = [(START - timedelta(days=1), NOTHING)]
    kinds = set()
    for number in range(DAYS * READS_A_DAY):
        now = START + timedelta(hours=24 / READS_A_DAY * number, seconds=chance.randrange(3600))
        simulator.clock.move_to(now)
        replicas_come_and_go(simulator, number, chance)
        with it_is(now):
            run = do_sync(server, full="wanted by the test" if number % FULL_EVERY == 0 else "")
        assert run.state == SyncState.SUCCEEDED
        kinds.add(run.is_full)
        seen.append((now, Seen.now()))
        if run.is_full:
            assert_all_of_it_is_there(simulator)

    instants = [chance.choice(seen)[0] + timedelta(seconds=chance.randrange(-9000, 40_000)) for _ in range(INSTANTS)]
    instants += [moment for moment, _ in chance.sample(seen[1:], 5)]

    for at in instants:
        last = [truth for moment, truth in seen if moment <= at]
        assert Seen.rebuilt(server, at) == (last[-1] if last else NOTHING), at
    assert kinds == {True, False}
    assert set(Event.objects.values_list("kind", flat=True)) == set(EventKind.values)
    assert Event.objects.filter(kind=EventKind.REAPPEARED, point__isnull=False).exists()
    assert Event.objects.filter(kind=EventKind.MALWARE, new="Infected").exists()


def assert_all_of_it_is_there(simulator: Simulator) -> None:
    """After a full sweep the tables hold what the server has."""
    held = {str(uuid) for uuid in Replica.objects.present().values_list("uuid", flat=True)}
    assert held == {replica["id"] for replica in simulator.world.replicas}
    points = {str(point.uuid): point.malware for point in RestorePoint.objects.present()}
    assert points == {point["id"]: point.get("malwareStatus", "") for point in simulator.world.points}
