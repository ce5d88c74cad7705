"""Query strings → restore points."""

from datetime import timedelta
from uuid import uuid4

import pytest

from replicas_app.models import ReplicaVM, RestorePoint
from tests.deriving import derive
from tests.factories import make_point, make_replica, make_server, make_vm
from tests.pages.filtering import NOON, point_filters, replicas_of, vms_of

pytestmark = pytest.mark.django_db


def test_a_search_finds_points_by_vm_by_replica_and_by_their_own_id():
    tier = make_replica(name="tier one")
    make_point(make_vm(tier, "sql-01"))
    make_point(make_vm(make_replica(name="sql replicas"), "web-01"))
    other = make_point(make_vm(make_replica(name="rest"), "mail-01"))

    assert sorted(vms_of("q=sql")) == ["sql-01", "web-01"]
    assert vms_of("q=sql*&q=ignored") == vms_of("q=sql")
    assert vms_of("q=tier") == ["sql-01"]
    assert vms_of(f"q={tier.uuid}") == ["sql-01"]
    assert vms_of(f"q={other.uuid}") == ["mail-01"]
    assert vms_of(f"q=={str(other.uuid).upper()}") == ["mail-01"]
    assert vms_of(f"q={uuid4()}") == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("malware=Infected", ["infected"]),
        ("malware=Infected&malware=NotScanned", ["infected", "unscanned"]),
        ("malware=Odd", ["odd"]),
        ("state=Failover", ["unscanned"]),
        ("platform=HyperV", ["odd"]),
        ("platform_id=P-1", ["infected"]),
        ("type=CDP", []),
        ("type=Regular", ["infected", "odd", "unscanned"]),
        ("job=night", ["infected", "odd", "unscanned"]),
        ("policy=gold", []),
        ("created_after=2026-11-25T12:00", ["infected"]),
        ("created_before=2026-11-24T12:00", ["odd", "unscanned"]),
        ("removed=1", ["gone", "infected", "odd", "unscanned"]),
        ("removed=1&job=night", ["gone", "infected", "odd", "unscanned"]),
    ],
)
def test_each_key_narrows_the_restore_points(query, names):
    replica = make_replica(job_id="night")
    make_replica(type="CDP", policy_id="gold")
    for name, hours, fields in (
        ("infected", 0, {"malware": "Infected", "platform_id": "P-1"}),
        ("unscanned", 24, {"malware": "", "state": "Failover"}),
        ("odd", 48, {"malware": "Odd", "platform": "HyperV"}),
        ("gone", 72, {"removed_at": NOON}),
    ):
        make_point(make_vm(replica, name), created_at=NOON - timedelta(hours=hours), **fields)

    assert vms_of(f"{query}&sort=name") == names


def test_points_are_asked_for_by_server_replica_and_vm():
    oslo, bergen = make_server("oslo"), make_server("bergen")
    first, second = make_replica(oslo), make_replica(bergen)
    points = [make_point(make_vm(replica, name)) for replica in (first, second) for name in ("a", "b")]

    assert vms_of(f"server={oslo.pk}&sort=name") == ["a", "b"]
    assert vms_of(f"replica={second.uuid}&sort=name") == ["a", "b"]
    assert vms_of(f"vm={points[3].vm_id}") == ["b"]
    assert vms_of(f"replica={second.uuid}&server={oslo.pk}") == []


def test_more_rows_than_are_looked_up_first_are_found_all_the_same(monkeypatch):
    for module in ("points", "keys"):
        monkeypatch.setattr(f"replicas_app.filters.{module}.FEW", 1)
    replica = make_replica(name="night")
    for name in ("a", "b", "c"):
        make_point(make_vm(replica, name))
    make_point(make_vm(make_replica(job_id="other"), "d"))

    assert vms_of("q=night&sort=name") == ["a", "b", "c"]
    assert vms_of(f"job={replica.job_id}&type=Regular&sort=name") == ["a", "b", "c"]


def test_points_sort_by_time_however_their_fractions_were_spelled():
    vm = make_vm()
    for microsecond, name in ((100_000, "b"), (85_640, "a"), (0, "_"), (918_350, "c")):
        make_point(vm, created_at=NOON.replace(microsecond=microsecond), platform=name)

    filters = point_filters("sort=created")
    found = filters.sorted(filters.apply(RestorePoint.objects.all()))

    assert [point.platform for point in found] == ["_", "a", "b", "c"]


def test_derived_counts_and_the_list_behind_them_agree():
    server = make_server()
    replica = make_replica(server)
    vm = make_vm(replica)
    for malware in ("Clean", "Infected", ""):
        make_point(vm, malware=malware)
    make_point(vm, removed_at=NOON)
    derive(server.pk)

    vm = ReplicaVM.objects.get()
    assert vm.point_count == len(vms_of(f"vm={vm.pk}")) == 3
    assert replicas_of("malware=Infected") == [replica.name]
