"""The query string of the list of events, and the newest events of one thing with the way to all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Q

from replicas_app.choices import EventAbout, EventKind
from replicas_app.filters import fields
from replicas_app.filters.facets import Choice, Counts, Facet
from replicas_app.filters.keys import among
from replicas_app.filters.listing import ListFilters
from replicas_app.filters.orders import Order
from replicas_app.filters.pieces import listed, way_to
from replicas_app.filters.vocabulary import MALWARE, STATES, Vocabulary
from replicas_app.models import BackupServer, Event, Replica, ReplicaVM, RestorePoint, SyncRun
from replicas_app.models.history import ABOUT, EventQuerySet
from replicas_app.text import search_pattern
from replicas_app.times import utc_words

SHOWN_OF_ONE_THING = 20
LONGEST_READ = timedelta(days=1)
"""Events are numbered when they are written, and bear the moment at which their merge began: servers that are read at
the same time may have theirs numbered the other way round, within this span."""

KINDS = Vocabulary(
    {
        EventKind.MALWARE.value: "Malware status",
        EventKind.STATE.value: "State",
        EventKind.APPEARED.value: "Appeared",
        EventKind.REMOVED.value: "Gone",
        EventKind.REAPPEARED.value: "Back",
        EventKind.FIRST_POINT.value: "First restore point",
        EventKind.LAST_POINT.value: "Last point lost",
    }
)
THINGS = Vocabulary({thing.value: str(thing.label) for thing in EventAbout})


class OurValuesField(fields.OpenValuesField):
    """Values of a vocabulary of our own: one that is not in it cannot be."""

    def read(self, text: str) -> str:
        if text not in self.vocabulary.words:
            raise fields.Unreadable(f"{fields.shown(text)} is not among {', '.join(self.vocabulary.words)}.")
        return text


def _matching(text: str) -> Q:
    """What happened to VMs whose name matches, on replicas of which any parameter does, and to the point of that id."""
    pattern = search_pattern(text)
    found = among("replica", Replica.objects.filter(search__like=pattern))
    found |= among("vm", ReplicaVM.objects.filter(search__like=pattern))
    try:
        return found | among("point", RestorePoint.objects.with_uuid(UUID(text.removeprefix("="))))
    except ValueError:
        return found


def _about(things: Iterable[str]) -> Q:
    return Q.create([ABOUT[thing] for thing in things], connector=Q.OR)


def _of_malware(values: Iterable[str]) -> Q:
    return Q(kind=EventKind.MALWARE) & (MALWARE.where("old", values) | MALWARE.where("new", values))


def _of_states(values: Iterable[str]) -> Q:
    """What went from such a state or into it, came with it, or went away in it."""
    before, after = STATES.where("old", values), STATES.where("new", values)
    came = Q(kind__in=[EventKind.APPEARED, EventKind.REAPPEARED], vm=None) & after
    return Q(kind=EventKind.STATE) & (before | after) | came | Q(kind=EventKind.REMOVED) & before


def _from(moment: datetime) -> Q:
    """Seen at that moment or later; a key below which no such event can be lets Postgres stop there."""
    try:
        before = Event.objects.filter(at__lt=moment - LONGEST_READ).order_by("-at").values_list("pk", flat=True)
        return Q(at__gte=moment) & Q(pk__gt=before.first() or 0)
    except OverflowError:  # nothing is as old as that
        return Q(at__gte=moment)


def _until(moment: datetime) -> Q:
    """Seen at that moment or before, with a key above which no such event can be."""
    try:
        after = Event.objects.filter(at__gt=moment + LONGEST_READ).order_by("at").values_list("pk", flat=True).first()
    except OverflowError:  # nothing is as new as that
        after = None
    return Q(at__lte=moment) & Q(pk__lt=after) if after else Q(at__lte=moment)


class EventFilters(ListFilters):
    type = platform = platform_id = job = policy = removed = first_seen_after = first_seen_before = None
    q = fields.SearchField("Replica or VM")
    kind = OurValuesField("What happened", KINDS)
    about = OurValuesField("To what", THINGS)
    malware = fields.OpenValuesField("Malware, before or after", MALWARE)
    state = fields.OpenValuesField("State, before or after", STATES)
    created_after = fields.MomentField("Seen after")
    created_before = fields.MomentField("Seen before")
    point = fields.UuidsField("Restore point")
    run = fields.KeysField("Read")

    shows_removed = False
    first_order = "-created"
    orders = {"created": Order(("pk",))}
    facets = {"kind": "kind", "about": "of", "server": "server_id"}
    uncounted = ("malware", "state")
    """Ticks without a count: a value may stand on either side of a change."""
    unseen = (*ListFilters.unseen, "point", "run")
    conditions = {
        "q": _matching,
        "server": lambda keys: Q(server__in=keys),
        "kind": lambda kinds: Q(kind__in=kinds),
        "about": _about,
        "malware": _of_malware,
        "state": _of_states,
        "created_after": _from,
        "created_before": _until,
        "replica": lambda ids: among("replica", Replica.objects.filter(uuid__in=ids)),
        "vm": lambda keys: Q(vm__in=keys),
        "point": lambda ids: Q(point__in=[pk for uuid in ids for pk in _points(uuid)]),
        "run": lambda keys: Q(run__in=keys),
    }

    def clean(self) -> None:
        super().clean()
        for name in ("point", "run"):
            known = getattr(self, f"{name}_names")
            if unknown := [fields.shown(str(value)) for value in self.cleaned_data[name] if value not in known]:
                self._complain(name, f"Nothing is known by {listed(unknown)}.")

    def facets_of(self, counts: Counts | None) -> list[Facet]:
        return [*super().facets_of(counts), *map(self._uncounted, self.uncounted)]

    @cached_property
    def point_names(self) -> Mapping[object, str]:
        points = RestorePoint.objects.filter(pk__in=[pk for uuid in self.cleaned_data["point"] for pk in _points(uuid)])
        return {point.uuid: f"{point.vm.name}, {utc_words(point.created_at)}" for point in points.select_related("vm")}

    @cached_property
    def run_names(self) -> Mapping[object, str]:
        runs = SyncRun.objects.filter(pk__in=self.cleaned_data["run"]).select_related("server")
        return {run.pk: f"of {run.server}, {utc_words(run.started_at or run.queued_at)}" for run in runs}

    def _words(self, name: str, wish: object) -> list[str]:
        if name not in ("point", "run"):
            return super()._words(name, wish)
        return [getattr(self, f"{name}_names").get(value, str(value)) for value in wish]

    def _uncounted(self, name: str) -> Facet:
        vocabulary = self.fields[name].vocabulary
        chosen = {vocabulary.asked(value) for value in self.wishes.get(name, ())}
        choices = [
            Choice(value, vocabulary.words_of(value), None, value in chosen, vocabulary.tone_of(value))
            for value in (*vocabulary.words, *sorted(chosen.difference(vocabulary.words)))
        ]
        return Facet(name, self.fields[name].label, choices, self.errors.get(name, []))


def _points(uuid: UUID) -> Iterable[int]:
    return RestorePoint.objects.with_uuid(uuid).values_list("pk", flat=True)


@dataclass(frozen=True)
class History:
    """The newest events of one thing, and the address of all of them."""

    events: list[Event]
    href: str
    has_more: bool


def history_of(thing: BackupServer | Replica | ReplicaVM | RestorePoint) -> History:
    events, query = _own(thing)
    newest = list(events.newest_first().with_names()[: SHOWN_OF_ONE_THING + 1])
    href = way_to("activity", **{name: str(value) for name, value in query.items()})
    return History(newest[:SHOWN_OF_ONE_THING], href, len(newest) > SHOWN_OF_ONE_THING)


def _own(thing: BackupServer | Replica | ReplicaVM | RestorePoint) -> tuple[EventQuerySet, dict[str, object]]:
    """The events of the thing, and the query string that asks for exactly them."""
    if isinstance(thing, BackupServer):
        return Event.objects.of_server(thing), {"server": thing.pk}
    if isinstance(thing, Replica):
        return Event.objects.of_replica(thing), {"server": thing.server_id, "replica": thing.uuid}
    if isinstance(thing, ReplicaVM):
        return Event.objects.of_vm(thing), {"vm": thing.pk}
    return Event.objects.of_point(thing), {"server": thing.server_id, "point": thing.uuid}
