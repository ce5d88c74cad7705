"""What a sync stores is what came: records, what is derived from them, and odd texts and times."""

from collections import defaultdict
from datetime import timedelta

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import Replica, ReplicaVM, RestorePoint
from replicas_app.models.inventory import RECENT_DAYS
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.sync.faulty import ids, ids_of
from tests.syncing import do_sync


def test_a_replica_is_stored_as_it_came(simulator, server):
    do_sync(server)

    for came in simulator.world.replicas:
        stored = Replica.objects.get(uuid=came["id"])
        assert (stored.name, stored.type, stored.job_id, stored.platform, stored.state) == (
            came["name"], "Snapshot" if came["type"] == "Regular" else came["type"], came["jobId"],
            came["platformName"], came.get("state", ""),
        )  # fmt: skip


def test_a_restore_point_is_stored_as_it_came(simulator, server):
    do_sync(server)

    for came in simulator.world.points:
        stored = RestorePoint.objects.select_related("vm", "replica").get(uuid=came["id"])
        assert (stored.vm.name, str(stored.replica.uuid), stored.malware, stored.operations) == (
            came["name"], came["replicaId"], came.get("malwareStatus", ""), came["allowedOperations"],
        )  # fmt: skip


def test_what_is_derived_agrees_with_the_points(simulator, server):
    do_sync(server)

    points = defaultdict(list)
    for point in RestorePoint.objects.present():
        points[point.vm_id].append(point)
    for vm in ReplicaVM.objects.all():
        newest = max(points[vm.pk], key=lambda point: (point.created_at, point.pk))
        clean = [point.created_at for point in points[vm.pk] if point.malware == "Clean"]
        recent = [
            (point.created_at.replace(second=0, microsecond=0), point.malware)
            for point in sorted(points[vm.pk], key=lambda point: (point.created_at, point.pk))
            if point.created_at > newest.created_at - timedelta(days=RECENT_DAYS)
        ]
        assert (vm.point_count, vm.newest_point_at, vm.newest_state, vm.newest_malware, vm.newest_clean_at) == (
            len(points[vm.pk]), newest.created_at, newest.state, newest.malware, max(clean, default=None),
        )  # fmt: skip
        assert vm.recent_points == recent
    for replica in Replica.objects.all():
        vms = list(replica.vms.all())
        assert (replica.vm_count, replica.point_count) == (len(vms), sum(vm.point_count for vm in vms))
        assert replica.newest_point_at == max((vm.newest_point_at for vm in vms), default=None)


def test_a_state_in_no_document_is_stored_as_it_came(simulator, server):
    simulator.world.replicas[0] |= {"type": "Regular", "state": "Levitating"}

    do_sync(server)

    assert Replica.objects.get(uuid=simulator.world.replicas[0]["id"]).state == "Levitating"


def test_text_that_postgres_cannot_hold_costs_a_character(simulator, server):
    simulator.world.points[0]["name"] = "web\x0001"
    simulator.world.points[1]["name"] = "\\N"
    simulator.world.points[2]["name"] = "a\tb\nc\\."

    run = do_sync(server)

    assert run.state == SyncState.SUCCEEDED
    names = [RestorePoint.objects.get(uuid=point["id"]).vm.name for point in simulator.world.points[:3]]
    assert names == ["web\ufffd01", "\\N", "a\tb\nc\\."]


def test_times_are_stored_as_the_server_meant_them(simulator, server):
    spellings = {
        "2026-11-20T10:00:00.1Z": "2026-11-20T10:00:00.100000+00:00",
        "2026-11-20T03:00:00.91835-07:00": "2026-11-20T10:00:00.918350+00:00",
        "2026-11-20T12:00:01+02:00": "2026-11-20T10:00:01+00:00",
        "2026-11-20T10:00:02.1234567": "2026-11-20T10:00:02.123456+00:00",
    }
    for point, spelling in zip(simulator.world.points, spellings, strict=False):
        point["creationTime"] = spelling

    run = do_sync(server)

    stored = [RestorePoint.objects.get(uuid=point["id"]).created_at for point in simulator.world.points[:4]]
    assert [moment.isoformat() for moment in stored] == list(spellings.values())
    assert run.naive_times == 1


@pytest.mark.parametrize("version", ["1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2"])
def test_servers_of_every_revision_are_read(transactional_db, version):
    with Simulator(replicas=3, vms=1, points=2, seed=3, still=True, tls=True, versions=(version,)) as simulator:
        server = make_server_of(simulator)

        run = do_sync(server)

        assert (run.state, server.api_version) == (SyncState.SUCCEEDED, version)
        assert ids_of(RestorePoint) == ids(simulator.world.points)
