"""The merge: from the staging tables into the inventory, set by set, in one transaction.

What differs is updated, what is new inserted, what is equal left alone. Only where a listing was whole is what it did
not contain marked as removed. Each change that cannot be read off the rows later becomes an event. The rows themselves
never come to Python.
"""

from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Self

from django.db import transaction
from django.utils import timezone

from replicas_app.sync.merge import points, replicas
from replicas_app.sync.merge.counts import Counts
from replicas_app.sync.merge.derive import derive, derive_nothing
from replicas_app.sync.merge.direct import CameTwice, DirectPoints
from replicas_app.sync.merge.statements import Statements

__all__ = ["CameTwice", "Counts", "Merge"]


class Merge:
    """One merge of one server, and the transaction that it is: committed at the end of the `with`, or not at all.

    Keys come first, rows last: a VM and a replica that are new are written once, with their figures. So points can be
    merged while others are still being read; the transaction begins with the first of them.
    """

    def __init__(self, server_id: int, run_id: int) -> None:
        self.counts = Counts()
        self._of = {"server_id": server_id, "run_id": run_id}
        self._transaction = ExitStack()
        self.is_open = False
        """Whether the transaction has begun."""
        self._direct: DirectPoints | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._transaction.__exit__(kind, error, trace)

    def open(self) -> None:
        """Begin the transaction, if it has not begun."""
        if not self.is_open:
            self._transaction.enter_context(transaction.atomic())
            self.is_open = True

    def take_points(self) -> None:
        """Merge the points that are staged. All replicas have to be staged before."""
        points.take(self._statements, self.counts)

    def begin_directly(self) -> DirectPoints:
        """Instead of staging points: where the server has none yet. All replicas have to be staged before."""
        self._direct = DirectPoints(self._statements)
        return self._direct

    def finish(self, *, replicas_whole: bool, points_whole: bool) -> Counts:
        """Merge what is left, mark what is gone, and work out what is derived from it."""
        if replicas_whole:
            replicas.mark_removed(self._statements, self.counts)
        if self._direct:
            self._direct.finish(self._statements, self.counts)
        else:
            self.take_points()
            points.mark_removed(self._statements, self.counts, is_whole=points_whole)
        work_out = derive if self.counts.points_differ else derive_nothing
        work_out(self._statements)
        replicas.add_new(self._statements, self.counts)
        return self.counts

    @cached_property
    def _statements(self) -> Statements:
        """Made with the first use, for which the replicas that are known have to be merged."""
        self.open()
        statements = Statements(**self._of, now=timezone.now())
        replicas.merge_known(statements, self.counts)
        points.begin(statements)
        return statements
