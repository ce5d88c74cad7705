"""What is remembered of the pages of a full listing, so that a page that comes again unchanged need not be looked into.

A swept page says: what stands on it is stored, present, and just as it came. So a page is remembered in the transaction
that merges it, and only if nothing on it was set aside; and all are forgotten when something else than a read of the
whole listing changes rows that may stand on one.
"""

from dataclasses import dataclass, field
from typing import LiteralString

from django.db import connection
from django.db.models import QuerySet

from replicas_app.models import SweptPage
from replicas_app.vbr import Page


@dataclass
class SweptPages:
    """The pages of one listing of one server: those of earlier sweeps, and what this one adds."""

    server_id: int
    listing: str
    digests: dict[int, bytes] = field(default_factory=dict)
    """Those of earlier sweeps, by the number of rows before the page."""
    recognised: list[int] = field(default_factory=list)
    fresh: list[tuple[int, bytes, str]] = field(default_factory=list)
    """(skip, digest, ids in hexadecimal digits) of the pages that were read a moment ago: they are set down one by one,
    since all of them are large."""

    @classmethod
    def of(cls, server_id: int, listing: str) -> "SweptPages":
        stored = SweptPage.objects.filter(server=server_id, listing=listing).values_list("skip", "digest")
        return cls(server_id, listing, {skip: bytes(digest) for skip, digest in stored})

    def knows(self, skip: int, digest: bytes) -> bool:
        return self.digests.get(skip) == digest

    def begin(self) -> None:
        """A pass over the listing begins."""
        self.recognised, self.fresh = [], []
        self._execute("DELETE FROM fresh_page WHERE listing = %s", [self.listing])

    def add(self, page: Page) -> None:
        if page.is_known:
            self.recognised.append(page.skip)
        elif page.records and page.digest and not page.broken and not page.naive_times:
            ids = "".join([record.id for record in page.records]).replace("-", "")
            self.fresh.append((page.skip, page.digest, ids))

    def set_down(self) -> None:
        """Put the fresh pages beside what is staged."""
        while self.fresh:
            skip, digest, ids = self.fresh.pop(0)
            with connection.cursor() as cursor, cursor.copy("COPY fresh_page FROM STDIN") as copy:
                copy.write(f"{self.listing}\t{skip}\t\\\\x{digest.hex()}\t\\\\x{ids}\n")

    def keep(self) -> None:
        """Remember this pass: all that stands in the listing came, nothing came twice, and it was merged."""
        if gone := set(self.digests) - set(self.recognised):
            self._stored().filter(skip__in=gone).delete()
        self._execute(KEEP, [self.server_id, self.listing])

    def forget(self) -> None:
        self._stored().delete()

    def _stored(self) -> QuerySet[SweptPage]:
        return SweptPage.objects.filter(server=self.server_id, listing=self.listing)

    def _execute(self, statement: LiteralString, values: list) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)


KEEP: LiteralString = (
    "INSERT INTO swept_page (server_id, listing, skip, digest, ids)"
    " SELECT %s, listing, skip, digest, ids FROM fresh_page WHERE listing = %s"
)
