"""The merge: from the staging tables into the inventory, set by set, in the caller's transaction.

What differs is updated, what is new inserted, what is equal left alone. Only where a listing was whole is what it did
not contain marked as removed. Each change that cannot be read off the rows later becomes an event. The rows themselves
never come to Python.
"""

from datetime import datetime

from replicas_app.sync.merge.counts import Counts
from replicas_app.sync.merge.derive import derive
from replicas_app.sync.merge.points import merge_points
from replicas_app.sync.merge.replicas import add_replicas, merge_replicas
from replicas_app.sync.merge.statements import Statements

__all__ = ["Counts", "merge"]


def merge(server_id: int, run_id: int, now: datetime, *, replicas_whole: bool, points_whole: bool) -> Counts:
    """Merge what is staged, once each, and work out what is derived from it. Must run inside a transaction.

    Keys come first, rows last: a VM and a replica that are new are written once, with their figures.
    """
    statements = Statements(server_id, run_id, now)
    counts = Counts()
    merge_replicas(statements, counts, is_whole=replicas_whole)
    merge_points(statements, counts, is_whole=points_whole)
    derive(statements)
    add_replicas(statements, counts)
    return counts
