"""A month of a living server, read every few hours: any instant of it can be rebuilt as it was seen then."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.utils import timezone

from replicas_app import history, retention
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


@dataclass
class Month:
    """What the tables held after each read, and how that was read."""

    server: BackupServer
    seen: list[tuple[datetime, Seen]]
    kinds: set[bool]

    def truth(self, at: datetime) -> Seen:
        return [truth for moment, truth in self.seen if moment <= at][-1]

    def instants(self, chance: random.Random, *, since: datetime) -> list[datetime]:
        """Instants between the reads, and those of some reads themselves."""
        reads = [moment for moment, _ in self.seen if moment >= since]
        between = [chance.choice(reads) + timedelta(seconds=chance.randrange(40_000)) for _ in range(INSTANTS)]
        return between + chance.sample(reads, 5)


@pytest.fixture
def month(transactional_db, simulator) -> Month:
    chance = random.Random(8)
    month = Month(make_server_of(simulator), [(START - timedelta(days=1), NOTHING)], set())
    for number in range(DAYS * READS_A_DAY):
        now = START + timedelta(hours=24 / READS_A_DAY * number, seconds=chance.randrange(3600))
        simulator.clock.move_to(now)
        replicas_come_and_go(simulator, number, chance)
        with it_is(now):
            run = do_sync(month.server, full="wanted by the test" if number % FULL_EVERY == 0 else "")
        assert run.state == SyncState.SUCCEEDED
        if run.is_full:
            assert_that_all_of_it_is_there(simulator)
        month.kinds.add(run.is_full)
        month.seen.append((now, Seen.now()))
    BackupServer.objects.update(clock_skew_seconds=0)  # only the client went by today's time
    return month


def assert_that_all_of_it_is_there(simulator: Simulator) -> None:
    """After a full sweep the tables hold what the server has."""
    held = {str(uuid) for uuid in Replica.objects.present().values_list("uuid", flat=True)}
    points = {str(point.uuid): point.malware for point in RestorePoint.objects.present()}
    assert held == {replica["id"] for replica in simulator.world.replicas}
    assert points == {point["id"]: point.get("malwareStatus", "") for point in simulator.world.points}


def test_every_instant_of_a_month_can_be_rebuilt_as_it_was_seen_then_and_after_retention_all_that_are_kept(
    month, settings
):
    chance = random.Random(9)
    assert month.kinds == {True, False}
    assert set(Event.objects.values_list("kind", flat=True)) == set(EventKind.values)
    assert Event.objects.filter(kind=EventKind.REAPPEARED, point__isnull=False).exists()
    assert Event.objects.filter(kind=EventKind.MALWARE, new="Infected").exists()

    for at in month.instants(chance, since=month.seen[0][0]):
        assert Seen.rebuilt(month.server, at) == month.truth(at), at

    settings.EVENTS_KEPT_DAYS, settings.VANISHED_KEPT_DAYS = 12, 8
    points = RestorePoint.objects.count()
    retention.drop(month.server.pk, START + timedelta(days=DAYS))
    since = START + timedelta(days=DAYS - 8)

    assert RestorePoint.objects.count() < points
    for at in month.instants(chance, since=since):
        assert Seen.rebuilt(month.server, at) == month.truth(at), at
    with pytest.raises(history.NotKept):
        history.inventory_at(month.server, since - timedelta(seconds=1))
