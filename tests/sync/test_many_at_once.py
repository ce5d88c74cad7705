"""Many syncs and other acts at the same moment, on one database; and what many sweeps in a row use up."""

import pytest
from django.db import connection

from replicas_app import rescans, servers, sync
from replicas_app.choices import SyncState
from replicas_app.models import BackupServer, Replica, Rescan, RestorePoint, SyncRun
from replicas_app.simulator import Simulator
from tests.factories import make_server, make_server_of
from tests.syncing import do_sync
from tests.threads import at_once

INVENTORY = ("replica", "replica_vm", "restore_point", "event")
ROUNDS = 3


@pytest.fixture
def four(transactional_db):
    """Four servers whose worlds have the same names on them."""
    with Simulator(seed=1) as one, Simulator(seed=1) as two, Simulator(seed=1) as three, Simulator(seed=1) as four:
        simulators = [one, two, three, four]
        yield [(simulator, make_server_of(simulator, f"lab-{n}")) for n, simulator in enumerate(simulators)]


def stored_of(server: BackupServer) -> set[tuple[str, str]]:
    points = RestorePoint.objects.present().filter(server=server)
    return {(str(uuid), state) for uuid, state in points.values_list("uuid", "state")}


def test_syncs_of_four_servers_at_once_beside_rescans_and_removals_hinder_nobody(four, settings):
    settings.RESCAN_COOL_DOWN_SECONDS = 0
    for _, server in four:
        do_sync(server)

    def act(number: int) -> None:
        _, server = four[number % 4]
        if number < 8:  # each server twice: the second one joins, or finds it being read
            do_sync(server)
        elif number < 12:
            replica = Replica.objects.filter(server=server).order_by("pk").first()
            rescans.start(None, [replica])
            with rescans.claim(Rescan.objects.open().filter(server=server).latest("pk").pk) as rescan:
                if rescan:
                    rescans.advance(rescan)
        else:
            servers.remove(make_server())

    for _ in range(ROUNDS):
        for simulator, _ in four:
            simulator.world.points = [*simulator.world.points[5:], *simulator.world.points[:3]]
            for point in simulator.world.points[:50]:
                point["state"] = "Failover" if point.get("state") == "Ready" else "Ready"
        at_once(13, act)
        for left in SyncRun.objects.open():  # of whom came while the other one still held the lock
            sync.sync(left.pk)

    for simulator, server in four:
        do_sync(server)
        assert stored_of(server) == {(point["id"], point.get("state", "")) for point in simulator.world.points}
    assert set(SyncRun.objects.values_list("state", flat=True)) == {SyncState.SUCCEEDED}


def identity_numbers() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE sequencename = ANY(%s)",
            [[f"{table}_id_seq" for table in INVENTORY]],
        )
        return dict(cursor.fetchall())


def row_versions() -> set[tuple[str, str]]:
    """Where each row lies and which transaction wrote it: another one for each row that was written again."""
    with connection.cursor() as cursor:
        versions = set()
        for table in INVENTORY:
            cursor.execute(f"SELECT '{table}', ctid::text || xmin::text FROM {table}")
            versions |= set(cursor.fetchall())
        return versions


def test_sweeps_that_find_nothing_new_use_up_no_identity_numbers_and_write_no_row_again(server):
    do_sync(server)
    numbers, versions = identity_numbers(), row_versions()

    for _ in range(5):
        do_sync(server)

    assert identity_numbers() == numbers
    assert row_versions() == versions


def test_the_keys_of_what_grows_for_years_are_bigints(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'id' AND data_type = 'bigint'"
            " AND table_name = ANY(%s)",
            [[*INVENTORY, "sync_run", "rescan"]],
        )
        assert {name for (name,) in cursor.fetchall()} == {*INVENTORY, "sync_run", "rescan"}
