"""What a sync of one server takes does not grow with the other servers: it looks up its own rows, by their indexes.

There are enough rows that Postgres could choose otherwise, and it knows them: nothing is switched off.
"""

import pytest
from django.db import connection, transaction

from replicas_app.sync import stage, synthetic
from replicas_app.sync.merge.derive import FACTS, VM_FIGURES
from tests.factories import make_server

pytestmark = pytest.mark.django_db(transaction=True)
IN_TIME = """
CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM restore_point;
DELETE FROM restore_point;
INSERT INTO restore_point SELECT * FROM kept ORDER BY created_at
"""
TOUCHED = "CREATE TEMPORARY TABLE touched_vm AS SELECT id AS vm_id FROM replica_vm ORDER BY id LIMIT %s"


@pytest.fixture
def crowd():
    """40,000 points of 4,000 VMs, which came in the order of their times, as they do."""
    synthetic.load(make_server(), replicas=2_000, vms=2, points=10)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(IN_TIME)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE restore_point")


def plan(vms: int) -> str:
    """How the figures of so many VMs are found."""
    stage.create_tables()
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED, [vms])
        cursor.execute("ANALYZE touched_vm")
        cursor.execute(f"EXPLAIN {VM_FIGURES}", FACTS)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_the_figures_of_a_third_of_the_vms_are_worked_out_without_reading_all_points(crowd):
    found = plan(vms=1_200)

    assert "point_by_vm" in found
    assert "Seq Scan on restore_point" not in found
