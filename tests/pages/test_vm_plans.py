"""How Postgres finds the VMs of a page of their list: never by reading all of them."""

import pytest
from django.db import connection
from django.http import QueryDict

from replicas_app.filters.vms import VMFilters
from replicas_app.models import BackupServer, ReplicaVM
from tests.factories import make_replica, make_server, make_vm

pytestmark = pytest.mark.django_db
QUERIES = ("", "sort=-name", "state=Ready", "q=needle", "q=haystack", "q=vm", "job=J-1", "replica={replica}", "vm={vm}")


@pytest.fixture
def many_vms() -> ReplicaVM:
    """Twenty thousand, each on a replica of its own, and one more that is given; looked over as autovacuum does."""
    needle = make_vm(make_replica(make_server("quiet"), "haystack", job_id="J-1"), "needle", point_count=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO replica (server_id, uuid, type, name, sort_key, job_id, policy_id, platform, platform_id,"
            " state, search, first_seen_at, changed_at, vm_count, point_count)"
            " SELECT %s, gen_random_uuid(), 'Regular', 'tier ' || n, 'tier ' || n, 'job ' || n, '', 'VMware', '',"
            " 'Ready', E'\\ntier ' || n || E'\\n', now(), now(), 1, 1 FROM generate_series(1, 20000) n",
            [make_server("busy").pk],
        )
        cursor.execute(
            "INSERT INTO replica_vm (server_id, replica_id, name, sort_key, search, first_seen_at, point_count,"
            " newest_state, recent) SELECT server_id, id, 'vm ' || id, 'vm ' || id, E'\\nvm ' || id || E'\\n', now(),"
            " 1, 'Ready', '{}' FROM replica WHERE name LIKE 'tier %'"
        )
        cursor.execute("SELECT gin_clean_pending_list('vm_search'), gin_clean_pending_list('replica_search')")
        cursor.execute("ANALYZE replica, replica_vm")
    return needle


def test_no_page_of_vms_is_found_by_reading_all_of_them(many_vms):
    plans = {query: plan_of(query.format(replica=many_vms.replica.uuid, vm=many_vms.pk)) for query in QUERIES}

    assert {query: plan for query, plan in plans.items() if "Seq Scan on replica_vm" in plan} == {}

    by_name = ReplicaVM.objects.search("needle").values_list("pk")[:1001].explain()
    assert "vm_search" in by_name, by_name


def plan_of(query: str) -> str:
    filters = VMFilters(QueryDict(query), path="/vms/", servers=BackupServer.objects.by_name())
    assert filters.complaints == []
    return filters.sorted(filters.apply(ReplicaVM.objects.all())).values_list("pk")[:51].explain()
