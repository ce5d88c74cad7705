"""What the query strings of all lists have in common: told mistakes, chips, order, pages, facets."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property, partial
from typing import ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from replicas_app.exports.formats import FORMATS
from replicas_app.filters import fields
from replicas_app.filters.addresses import Address
from replicas_app.filters.complaints import Complaint, complaints_of
from replicas_app.filters.facets import Counts, Facet, choices_of_servers, choices_of_values
from replicas_app.filters.memory import Memory
from replicas_app.filters.narrowing import Narrowing
from replicas_app.filters.orders import Head, Order, Sorting
from replicas_app.filters.pages import PER_PAGE, SIZES, Keys, LinesOf, Page, ShorterWay
from replicas_app.filters.pieces import Chip, Way, listed
from replicas_app.filters.vocabulary import PLATFORM, STATES, TYPES, Vocabulary
from replicas_app.models import BackupServer, Replica, ReplicaVM
from replicas_app.times import utc_words

NAMED = {"server", "vm", "replica"}
"""Keys that ask for something by its number or id, which has a name, too."""


class ListFilters(forms.Form):
    """The query string of a list. Nothing in it breaks the page: what cannot be used is told, the rest counts."""

    q = fields.SearchField("Name or id")
    server = fields.KeysField("Server")
    type = fields.OpenValuesField("Type", TYPES)
    state = fields.OpenValuesField("State", STATES)
    platform = fields.OpenValuesField("Platform", PLATFORM)
    platform_id = fields.TextsField("Platform id")
    job = fields.TextsField("Job id")
    policy = fields.TextsField("Policy id")
    created_after = fields.MomentField("Created after")
    created_before = fields.MomentField("Created before")
    first_seen_after = fields.MomentField("First seen after")
    first_seen_before = fields.MomentField("First seen before")
    replica = fields.UuidsField("Replica")
    vm = fields.KeysField("VM")
    removed = fields.FlagField("Removed")
    page = fields.PageField("Page")
    per_page = fields.ChoiceOfField("Rows", [str(size) for size in SIZES])
    export = fields.ChoiceOfField("Export", list(FORMATS))

    orders: ClassVar[dict[str, Order]]
    first_order: ClassVar[str]
    """How the list is sorted when nobody asks, as `sort` would say it."""
    facets: ClassVar[dict[str, str]]
    """Facet → the column that it counts."""
    conditions: ClassVar[dict[str, Callable[[object], Q]]]
    """Key → the rows that a wish asks for."""

    hangs_on_inventory: ClassVar[bool] = True
    """Whether its rows change only when those of a server get another version."""

    unseen: ClassVar[tuple[str, ...]] = ("replica", "vm", "sort", "per_page")
    """Keys that the form has no field for."""
    moments: ClassVar[tuple[str, ...]] = ("created_after", "created_before", "first_seen_after", "first_seen_before")
    texts: ClassVar[tuple[str, ...]] = ("platform_id", "job", "policy")

    def __init__(self, query: QueryDict, *, path: str, servers: Iterable[BackupServer]) -> None:
        super().__init__(query)
        self.address = Address(path, query)
        self.servers = {server.pk: server for server in servers}
        self.fields["sort"] = fields.order_field(tuple(self.orders))
        self.full_clean()

    def add_error(self, field: str | None, error: object) -> None:
        super().add_error(field, error)
        if isinstance(error, fields.PartlyWrong):
            self.cleaned_data[field] = error.good

    def clean(self) -> None:
        for what in ("created", "first_seen"):
            after, before = (self.cleaned_data.get(f"{what}_{side}") for side in ("after", "before"))
            if after and before and after > before:
                label = self.fields[f"{what}_after"].label
                self._complain(f"{what}_before", f"It lies before “{label}”: nothing can match both.")
        for name in NAMED.intersection(self.fields):
            known = getattr(self, f"{name}_names")
            if unknown := [fields.shown(str(value)) for value in self.cleaned_data[name] if value not in known]:
                self._complain(name, f"Nothing is known by {listed(unknown)}.")

    # What is asked for

    @cached_property
    def wishes(self) -> dict[str, object]:
        """Key → what it asks for, of those that narrow the list."""
        return {name: self.cleaned_data[name] for name in self.conditions if self.cleaned_data[name]}

    @property
    def shows_removed(self) -> bool:
        return bool(self.cleaned_data["removed"])

    @property
    def way(self) -> ShorterWay | None:
        """To a page, where there is a shorter one than through the list."""
        return None

    @property
    def elsewhere(self) -> list[Way]:
        """Where to look when nothing matches."""
        return []

    @property
    def wants_export(self) -> bool:
        """Whether a file is asked for, be it one that there is."""
        return any(value.strip() for value in self.data.getlist("export"))

    @property
    def is_refused(self) -> bool:
        """Whether the file that is asked for is not given: it would not say what of the address could not be used."""
        return self.wants_export and bool(self.complaints)

    @property
    def exports(self) -> list[Way]:
        """The whole list as a file, in each format."""
        return [Way(one.words, self.address.with_(per_page=None, export=name)) for name, one in FORMATS.items()]

    @property
    def servers_in_sight(self) -> list[BackupServer]:
        """The servers that are asked for; all when none is."""
        asked = self.wishes.get("server", ())
        return [server for server in self.servers.values() if not asked or server.pk in asked]

    # What the list answers

    def condition(self, name: str, wish: object) -> Q:
        """The rows that this wish asks for."""
        return self.conditions[name](wish)

    @property
    def is_short(self) -> bool:
        """Whether it is known that so few rows can match that counting them takes no time."""
        return False

    def apply(self, rows: QuerySet, *, leave_out: Collection[str] = ()) -> QuerySet:
        """The rows that are asked for, unsorted. `leave_out`: keys that do not narrow this time."""
        rows = rows if self.shows_removed else rows.present()
        return rows.filter(*(condition for name, condition in self._asked.items() if name not in leave_out))

    def page_of(self, found: Callable[[], QuerySet], total: int | None, lines: LinesOf | None = None) -> Page:
        """The page that is asked for, of these rows. `total`: None where nobody has counted."""
        keys = Keys(lambda: self.sorted(found()), total, self.memory, f"{self._facet_words} {self.sorting}", self.way)
        return Page(keys, self._page_number, self.page_size, total, lines)

    def sorted(self, rows: QuerySet) -> QuerySet:
        return rows.order_by(*self.order.expressions(self.sorting.is_descending))

    def counts_of(self, rows: QuerySet) -> Counts:
        chosen = {name: self._stored(name) for name in self.facets if name in self.wishes}
        narrowed = partial(self.apply, rows, leave_out=self.facets)
        return Counts(narrowed, self.facets, chosen, self.memory, lambda: self.is_short)

    @cached_property
    def version(self) -> str:
        """Of all rows that there are. Names belong to it, for rows are sorted by them.

        Empty where nobody can tell: of what was never read, and of what changes without a server's data.
        """
        servers = self.servers.values()
        if not self.hangs_on_inventory or not any(server.data_version for server in servers):
            return ""
        return repr([(server.pk, server.name, server.rows_version) for server in servers])

    @cached_property
    def memory(self) -> Memory:
        """Of the rows without regard to the facets."""
        return self._memory_of(
            self.shows_removed,
            sorted((name, repr(wish)) for name, wish in self.wishes.items() if name not in self.facets),
        )

    @cached_property
    def memory_of_all(self) -> Memory:
        """Of the rows that are there when nothing is asked for."""
        return self._memory_of()

    def facets_of(self, counts: Counts | None) -> list[Facet]:
        """The facets; where nobody has counted, only what is chosen in them."""
        return [self._facet(name, counts and counts.of(name)) for name in self.facets]

    # What the page says of it

    @cached_property
    def complaints(self) -> list[Complaint]:
        return list(complaints_of(self, self.address))

    @cached_property
    def chips(self) -> list[Chip]:
        asked = {name: listed(self._words(name, wish)) for name, wish in self.wishes.items()}
        asked |= {"removed": "shown too"} if self.shows_removed else {}
        return [
            Chip(self.fields[name].label.lower(), words, self.address.without(name)) for name, words in asked.items()
        ]

    @property
    def clear_href(self) -> str:
        """The list with nothing asked for, in the same order."""
        return self.address.without(*self.conditions, "removed", *(complaint.name for complaint in self.complaints))

    @property
    def sorting(self) -> Sorting:
        return Sorting.of(self.cleaned_data["sort"] or self.first_order)

    @property
    def order(self) -> Order:
        return self.orders[self.sorting.name]

    @property
    def heads(self) -> dict[str, Head]:
        now = self.sorting
        return {name: Head(self.address.with_(sort=now.next_of(name)), now.direction_of(name)) for name in self.orders}

    @property
    def page_size(self) -> int:
        return int(self.cleaned_data["per_page"] or PER_PAGE)

    @property
    def sizes(self) -> list[tuple[str, str, bool]]:
        return [(str(size), self.address.with_(per_page=size), size == self.page_size) for size in SIZES]

    @cached_property
    def form(self) -> Narrowing:
        return Narrowing(self, self.unseen, self.moments, self.texts)

    def page_href(self, number: int) -> str:
        return self.address.with_(page=number if number > 1 else None)

    # The names of what is asked for by number or id

    @cached_property
    def server_names(self) -> Mapping[object, str]:
        return {pk: server.name for pk, server in self.servers.items()}

    @cached_property
    def vm_names(self) -> Mapping[object, str]:
        asked = self.cleaned_data["vm"]
        return dict(ReplicaVM.objects.filter(pk__in=asked).values_list("pk", "name")) if asked else {}

    @cached_property
    def replica_names(self) -> Mapping[object, str]:
        asked = self.cleaned_data["replica"]
        return dict(Replica.objects.filter(uuid__in=asked).values_list("uuid", "name")) if asked else {}

    # How it is worked out

    def _memory_of(self, *asked: object) -> Memory:
        return Memory(repr((self.address.path, asked, self.version)) if self.version else "")

    @property
    def _facet_words(self) -> str:
        return repr(sorted((name, repr(wish)) for name, wish in self.wishes.items() if name in self.facets))

    @cached_property
    def _asked(self) -> dict[str, Q]:
        return {name: self.condition(name, wish) for name, wish in self.wishes.items()}

    @property
    def _page_number(self) -> int | None:
        return self.cleaned_data["page"] or (None if "page" in self.errors else 1)

    def _vocabulary(self, name: str) -> Vocabulary | None:
        return getattr(self.fields[name], "vocabulary", None)

    def _stored(self, name: str) -> Collection[object]:
        vocabulary = self._vocabulary(name)
        return vocabulary.stored(self.wishes[name]) if vocabulary else self.wishes[name]

    def _facet(self, name: str, counted: Mapping[object, int] | None) -> Facet:
        vocabulary, chosen = self._vocabulary(name), self.wishes.get(name, ())
        choices = (
            choices_of_values(vocabulary, chosen, counted)
            if vocabulary
            else choices_of_servers(self.server_names, chosen, counted)
        )
        return Facet(name, self.fields[name].label, choices, self.errors.get(name, []))

    def _words(self, name: str, wish: object) -> list[str]:
        if isinstance(wish, datetime):
            return [utc_words(wish)]
        if isinstance(wish, str):
            return [wish]
        if vocabulary := self._vocabulary(name):
            return [vocabulary.words_of(value) for value in wish]
        names = getattr(self, f"{name}_names") if name in NAMED else {}
        return [names.get(value, str(value)) for value in wish]

    def _complain(self, name: str, words: str) -> None:
        self.add_error(name, fields.PartlyWrong([words], self.cleaned_data[name]))
