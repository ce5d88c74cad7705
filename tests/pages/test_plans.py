"""How Postgres reads the restore points for a page of their list: by an index, never all of them.

There are enough rows that it could choose otherwise, and it knows them: nothing is switched off.
"""

import re

import pytest
from django.db import connection
from django.db.models import Q
from django.http import QueryDict

from replicas_app.filters import PointFilters
from replicas_app.models import BackupServer, Replica, ReplicaVM, RestorePoint
from tests.factories import make_server

pytestmark = pytest.mark.django_db
REPLICAS, VMS_EACH, POINTS_EACH = 400, 2, 50
LOADED = (
    """
    INSERT INTO replica (server_id, uuid, type, name, sort_key, job_id, policy_id, platform, platform_id, state, search,
                         first_seen_at, changed_at, vm_count, point_count)
    SELECT %(server)s, gen_random_uuid(), 'Regular', 'night ' || n, 'night ' || n, 'job ' || n / 20, '', 'VMware', '',
           'Ready', E'\\nnight ' || n || E'\\n', now(), now(), 2, 100
    FROM generate_series(1, %(replicas)s) n
    """,
    """
    INSERT INTO replica_vm (server_id, replica_id, name, sort_key, search, first_seen_at, point_count, newest_state,
                            recent)
    SELECT r.server_id, r.id, 'vm ' || n || ' of ' || r.name, r.sort_key || n,
           E'\\nvm ' || n || ' of ' || r.name || E'\\n', now(), 50, 'Ready', '{}'
    FROM replica r, generate_series(1, %(vms)s) n
    """,
    """
    INSERT INTO restore_point (server_id, replica_id, vm_id, uuid, created_at, state, malware, platform, platform_id,
                               operations, first_seen_at)
    SELECT v.server_id, v.replica_id, v.id, gen_random_uuid(), now() - n * interval '4 hours' - v.id * interval '1 s',
           'Ready', CASE (v.id * 50 + n) %% 500 WHEN 0 THEN 'Infected' ELSE 'Clean' END, 'VMware', '', '{}', now()
    FROM replica_vm v, generate_series(1, %(points)s) n
    """,
    "ANALYZE replica, replica_vm, restore_point",
)


@pytest.fixture
def server() -> BackupServer:
    """With 40,000 restore points, of which one in five hundred is infected."""
    server = make_server()
    numbers = {"server": server.pk, "replicas": REPLICAS, "vms": VMS_EACH, "points": POINTS_EACH}
    with connection.cursor() as cursor:
        for statement in LOADED:
            cursor.execute(statement, numbers if "%(" in statement else None)
    return server


def plans_of(server: BackupServer, *queries: str) -> dict[str, str]:
    """Query string → how the keys of its page are read."""
    found = {}
    for query in queries:
        filters = PointFilters(QueryDict(query), path="/restore-points/", servers=[server])
        assert not filters.errors
        rows = filters.sorted(filters.apply(RestorePoint.objects.all()))
        found[query] = rows.values_list("pk")[:51].explain() or "nothing is read"
    return found


def test_no_page_of_the_points_is_found_by_reading_all_of_them(server):
    replica, vm = Replica.objects.first(), ReplicaVM.objects.first()

    plans = plans_of(
        server,
        "",
        "sort=created",
        "state=Ready",
        "state=Lost",
        "malware=Clean",
        "malware=Infected",
        "malware=Infected&state=Ready&sort=created",
        "platform=VMware",
        f"server={server.pk}",
        f"replica={replica.uuid}",
        f"vm={vm.pk}",
        f"job={replica.job_id.replace(' ', '%20')}",
        "created_after=2026-01-01",
        "first_seen_after=2100-01-01",
        "sort=name",
        "sort=-name",
        "q=night",
        "q=night+17",
        "q=nobody",
        f"q={RestorePoint.objects.first().uuid}",
    )

    assert {query: plan for query, plan in plans.items() if "Seq Scan on restore_point" in plan} == {}


INDEXES = {
    "": "Index Only Scan Backward using point_by_created",
    "sort=created": "Index Only Scan using point_by_created",
    "state=Lost": "point_not_ready",
    "malware=Infected&state=Ready&sort=name": "point_not_clean",
    "sort=name": "vm_by_name",
    "first_seen_after=2100-01-01": "point_by_first_seen",
}


def test_an_order_or_a_rare_value_has_an_index_of_its_own(server):
    plans = plans_of(server, *INDEXES)

    assert {query: plans[query] for query, index in INDEXES.items() if not re.search(index, plans[query])} == {}


def test_a_scan_of_the_points_would_be_seen(server):
    """Two orders without an index, which are remembered instead: these tests could tell."""
    plans = plans_of(server, "sort=state", "sort=platform")

    assert all("Seq Scan on restore_point" in plan for plan in plans.values())


@pytest.mark.parametrize("order", ["state", "-state", "malware", "-malware", "server", "-server"])
def test_the_first_page_in_an_order_of_few_values_is_read_by_indexes_and_sorts_no_common_value(order, server):
    filters = PointFilters(QueryDict(f"sort={order}"), path="/restore-points/", servers=[server])
    points = filters.apply(RestorePoint.objects.all())

    plans = [
        stretch.of(points, is_descending=order.startswith("-"))[:51].explain()
        for stretch in filters.way.stretches
        if stretch.condition != Q(**{order.removeprefix("-"): ""})  # those without a value are read last, if at all
    ]

    assert [plan for plan in plans if "Seq Scan on restore_point" in plan] == []
