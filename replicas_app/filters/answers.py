"""What a list answers to its query string: the page of rows, what was counted, how old it is, and where to go on."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Model, QuerySet

from replicas_app.filters.facets import Counts, Facet
from replicas_app.filters.listing import ListFilters
from replicas_app.filters.pages import LinesOf, Page
from replicas_app.filters.pieces import Way
from replicas_app.freshness import DataAge, age_of
from replicas_app.notices import Notice, notices_of

NOTICES_SHOWN = 2
MOST_NOTICES = 50


@dataclass(frozen=True)
class Answer:
    """One list at one moment. Each thing is read from the database when a template asks for it, and once."""

    filters: ListFilters
    all_rows: QuerySet
    """What there is to list."""
    noun: str
    """What a row is, in the singular."""
    now: datetime
    counts_asked_for: bool = False
    """Whether somebody waits for the counts, however long they take."""
    lines: LinesOf | None = None
    """What is shown of the rows with these keys; the rows themselves where it is None."""
    shows_acts: bool = False
    """Whether the rows say what can be done with them, as `rescans.with_acts` tells it."""

    @cached_property
    def is_counted(self) -> bool:
        """Whether total and facets come with the rows. Where counting takes long, a second request brings them."""
        return self.counts_asked_for or not self._counts.would_take_long

    @cached_property
    def total(self) -> int | None:
        return self._counts.total if self.is_counted else None

    @cached_property
    def facets(self) -> list[Facet]:
        facets = self.filters.facets_of(self._counts if self.is_counted else None)
        return [facet for facet in facets if facet.is_worth_showing]

    @cached_property
    def page(self) -> Page:
        return self.filters.page_of(lambda: self.filters.apply(self.all_rows), self.total, self.lines)

    @cached_property
    def rows(self) -> list:
        """The rows of the page; those that are models, each with its server."""
        for row in self.page.rows:
            if isinstance(row, Model) and (server := self.filters.servers.get(row.server_id)):
                row.server = server
        return self.page.rows

    @property
    def total_words(self) -> str:
        """`1,013 replicas`, for those who hear the page; empty while nobody has counted."""
        return "" if self.total is None else f"{self.total:,} {self.noun}{'' if self.total == 1 else 's'}"

    @cached_property
    def unfiltered_total(self) -> int:
        """How many rows the list has when nothing is asked for."""
        return self.filters.memory_of_all.remembered("total", self.all_rows.present().count)

    @cached_property
    def elsewhere(self) -> list[Way]:
        """Where to look when nothing matches."""
        return self.filters.memory.remembered("elsewhere", lambda: self.filters.elsewhere)

    # Where to go on

    @property
    def counts_href(self) -> str:
        """This list's total and facets alone."""
        return self.filters.address.with_(page=self.page.number, counts=1)

    @property
    def previous_href(self) -> str:
        number = self.page.number or 1
        return self.filters.page_href(number - 1) if number > 1 and self.page.rows else ""

    @property
    def next_href(self) -> str:
        return self.filters.page_href(self.page.number + 1) if self.page.has_next else ""

    @property
    def last_href(self) -> str:
        """The last page that has rows; empty while nobody has counted."""
        return self.filters.page_href(self.page.last_number) if self.page.last_number else ""

    @property
    def first_href(self) -> str:
        return self.filters.page_href(1)

    # How old it is

    @cached_property
    def notices(self) -> list[Notice]:
        return notices_of(self.filters.servers_in_sight, self.now)

    @property
    def notices_shown(self) -> list[Notice]:
        return self.notices[:NOTICES_SHOWN]

    @property
    def notices_folded(self) -> list[Notice]:
        """Those that unfold behind the ones that are shown, so that a page has the cause of each failed read."""
        return self.notices[NOTICES_SHOWN:MOST_NOTICES]

    @property
    def notices_left(self) -> int:
        """How many more there are than a page of a list has room for."""
        return len(self.notices[MOST_NOTICES:])

    @cached_property
    def age(self) -> DataAge:
        """The age of what is in sight."""
        return age_of(self.filters.servers_in_sight, self.now)

    @cached_property
    def age_of_all(self) -> DataAge:
        """The age of all data, as the bar tells it."""
        return age_of(list(self.filters.servers.values()), self.now)

    @property
    def nothing_was_ever_read(self) -> bool:
        servers = self.filters.servers_in_sight
        return bool(servers) and all(server.last_success_at is None for server in servers)

    @cached_property
    def _counts(self) -> Counts:
        return self.filters.counts_of(self.all_rows)
