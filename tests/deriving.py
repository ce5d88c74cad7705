"""Working out, for rows that a test made by hand, what a sync works out from the points that it stores."""

from django.db import transaction
from django.utils import timezone

from replicas_app.sync.merge.derive import (
    FACTS,
    REPLICA_FIGURES,
    UPDATE_REPLICAS,
    UPDATE_VMS,
    VM_FIGURES,
    derive_nothing,
)
from replicas_app.sync.merge.statements import Statements

TABLES = ("touched_vm", "vm_figures", "replica_figures")


def derive(server_id: int) -> None:
    """Bring the figures of this server's VMs and replicas in line with their points; no change of them is an event."""
    statements = Statements(server_id, 0, timezone.now())
    with transaction.atomic():
        statements.run(
            "CREATE TEMPORARY TABLE touched_vm ON COMMIT DROP AS SELECT id AS vm_id FROM replica_vm"
            " WHERE server_id = %(server)s"
        )
        statements.run(VM_FIGURES, **FACTS)
        statements.run(UPDATE_VMS)
        derive_nothing(statements)
        statements.run(REPLICA_FIGURES, **FACTS)
        statements.run(UPDATE_REPLICAS)
        for table in TABLES:  # the transaction of the test goes on
            statements.run(f"DROP TABLE {table}")
