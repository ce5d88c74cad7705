"""Workers, the scheduler, and people who press, edit and remove, all at the same two servers: nobody waits in a circle,
and nothing goes wrong but that something is not there any more.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from replicas_app import doctor, rescans, retention, servers, sync
from replicas_app.choices import Role, SyncTrigger
from replicas_app.models import BackupServer, Event, Person, Rescan
from replicas_app.servers import IsBeingRead
from replicas_app.simulator import Simulator
from tests.factories import make_person, make_server_of
from tests.threads import at_once

ACTORS = 5
ACTS = 120


class Actor:
    """Does one thing after the other, by chance."""

    def __init__(self, seed: int, person: Person, simulators: list[Simulator]) -> None:
        self.chance, self.person, self.simulators = Random(seed), person, simulators
        self.acts: list[Callable[[BackupServer], object]] = [
            self.read, self.schedule, self.rescan, self.take_steps, self.take_steps, self.stop, self.drop_history,
            self.accept_a_drop, self.change, self.switch, self.remove, self.test,
        ]  # fmt: skip

    def act(self) -> None:
        servers_there = list(BackupServer.objects.all())
        if len(servers_there) < len(self.simulators):
            return self.connect({server.base_url for server in servers_there})
        with suppress(BackupServer.DoesNotExist, IsBeingRead):
            self.chance.choice(self.acts)(self.chance.choice(servers_there))
        return None

    def connect(self, known: set[str]) -> None:
        for number, simulator in enumerate(self.simulators):
            if simulator.url not in known:
                with suppress(servers.Twin):
                    row = BackupServer(name=f"vbr-{number}", base_url=simulator.url, username=simulator.username)
                    row.password, row.pinned_sha256 = simulator.password, simulator.fingerprint
                    servers.add(row)

    def read(self, server: BackupServer) -> None:
        run, _ = sync.request(server, SyncTrigger.PERSON, self.person, full=self.chance.choice(["", "by chance"]))
        sync.sync(run.pk)

    def schedule(self, _: BackupServer) -> None:
        now = timezone.now()
        sync.close_orphans(now)
        sync.request_due(now)
        for run_id in sync.take_unheard(now):
            sync.sync(run_id)

    def rescan(self, server: BackupServer) -> None:
        with suppress(rescans.NothingSelected):
            rescans.start(self.person, list(server.replicas.present().select_related("server")[:3]))

    def take_steps(self, _: BackupServer) -> None:
        for rescan in Rescan.objects.exclude(next_poll_at=None):
            with rescans.claim(rescan.pk) as claimed:
                run = rescans.advance(claimed) if claimed else None
            if run:
                sync.sync(run.pk)

    def stop(self, server: BackupServer) -> None:
        for rescan in server.rescans.open()[:1]:
            rescans.stop(rescan, self.person)

    def drop_history(self, server: BackupServer) -> None:
        Event.objects.filter(server=server).update(at=timezone.now() - timedelta(days=9))
        retention.drop(server.pk, timezone.now())

    def accept_a_drop(self, server: BackupServer) -> None:
        BackupServer.objects.filter(pk=server.pk).update(doubt={"replicas": [1, 20]}, accepted_drop={})
        servers.accept_drop(server, self.person, "replicas 1 of 20")

    def change(self, server: BackupServer) -> None:
        servers.change(server, self.chance.choice([["password"], ["sync_interval_seconds"]]))

    def switch(self, server: BackupServer) -> None:
        servers.switch(server, on=self.chance.random() < 0.8)

    def remove(self, server: BackupServer) -> None:
        if self.chance.random() < 0.3:
            servers.remove(server)

    def test(self, server: BackupServer) -> None:
        doctor.ask(server)
        doctor.perform(server.pk)


@pytest.fixture
def simulators():
    with (
        Simulator(replicas=5, vms=2, points=5, seed=1, still=True, tls=True, rescan_seconds=1) as one,
        Simulator(replicas=4, vms=2, points=5, seed=2, still=True, tls=True, rescan_seconds=1) as other,
    ):
        yield [one, other]


def test_everybody_acts_at_once_and_nobody_waits_in_a_circle(transactional_db, settings, simulators):
    settings.EVENTS_KEPT_DAYS, settings.RESCAN_COOL_DOWN_SECONDS = 7, 0
    person = make_person(role=Role.ADMIN)

    def act(number: int) -> None:
        actor = Actor(number, person, simulators)
        for _ in range(ACTS):
            actor.act()

    at_once(ACTORS, act)

    BackupServer.objects.all().delete()
    for simulator in simulators:
        server = make_server_of(simulator, simulator.url)
        run, _ = sync.request(server, SyncTrigger.PERSON)
        sync.sync(run.pk)
        assert server.points.present().count() == len(simulator.world.points)
