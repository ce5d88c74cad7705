"""What the newest reads saw change."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q

from replicas_app.choices import EventAbout, EventKind
from replicas_app.filters.events import KINDS
from replicas_app.filters.pieces import way_to
from replicas_app.filters.vocabulary import MALWARE
from replicas_app.models import Event, SyncRun
from replicas_app.models.history import ABOUT

RUNS_WITH_NEWS = 8
LINES = 12
TOLD_ONE_BY_ONE = 3
"""A group of changes of this size or smaller is told one by one."""
NOUNS = {
    EventAbout.REPLICA: ("replica", "replicas"),
    EventAbout.VM: ("VM", "VMs"),
    EventAbout.POINT: ("restore point", "restore points"),
}
CHANGE_WORDS = {
    EventKind.APPEARED: "appeared",
    EventKind.REMOVED: "are gone",
    EventKind.REAPPEARED: "are back",
    EventKind.STATE: "changed their state",
    EventKind.MALWARE: "changed their malware status",
    EventKind.FIRST_POINT: "have their first restore point",
    EventKind.LAST_POINT: "lost their last restore point",
}
ALARMING = ("Infected", "Suspicious")
MANY = 10_000
KEPT_SECONDS = 3600
Group = tuple[str, str, int, list[str]]


@dataclass(frozen=True)
class Change:
    """What one read of one server saw happen in one way to things of one kind: `412 replicas appeared`."""

    run: SyncRun
    kind: str
    about: str
    count: int
    became: list[str]
    """The malware statuses that it ended in."""
    told: list[Event] = field(default_factory=list)
    """Each of them where they are few; empty where they are many."""

    @property
    def words(self) -> str:
        """The sentence from the noun on, of many."""
        return f"{NOUNS[self.about][1]} {CHANGE_WORDS.get(self.kind, self.kind)}"

    @property
    def alarms(self) -> list[tuple[str, str]]:
        """(tone, words) of what scans found."""
        found = {MALWARE.asked(status) for status in self.became}
        return [(MALWARE.tone_of(status), MALWARE.words_of(status)) for status in ALARMING if status in found]

    @property
    def href(self) -> str:
        """Exactly these, in the list of all."""
        return way_to("activity", run=str(self.run.pk), kind=self.kind, about=self.about)


def newest_changes() -> list[Change]:
    """What the newest reads that saw something change saw, the newest first, and of one read the gravest first."""
    runs = _with_news()
    changes = [Change(runs[run], *group) for run, groups in _groups(runs).items() for group in groups]
    changes.sort(key=lambda change: (-change.run.pk, KINDS.place_of(change.kind), change.about))
    _tell_few([change for change in changes[:LINES] if change.count <= TOLD_ONE_BY_ONE])
    return changes[:LINES]


def _with_news() -> dict[int, SyncRun]:
    """The newest runs of which events tell. The counts of a run say quickly of most that there can be none."""
    stirred = SyncRun.objects.with_news() | SyncRun.objects.with_new_points()
    told = stirred.filter(Exists(Event.objects.filter(run=OuterRef("pk"))))
    return {run.pk: run for run in told.newest_first().select_related("server")[:RUNS_WITH_NEWS]}


def _groups(runs: Collection[int]) -> dict[int, list[Group]]:
    """Of each run: kind, what it was of, how many, and the malware statuses that they ended in.

    What a run saw stays so: the groups of one that saw very much are counted once and kept for a while.
    """
    kept = {_key_of(run): run for run in runs}
    groups = {kept[key]: held for key, held in cache.get_many(kept).items()}
    counted = _counted(set(runs) - set(groups))
    for run, fresh in counted.items():
        if sum(count for _, _, count, _ in fresh) >= MANY:
            cache.set(_key_of(run), fresh, KEPT_SECONDS)
    return groups | counted


def _key_of(run: int) -> str:
    return f"changes-of-run-{run}"


def _counted(runs: Collection[int]) -> dict[int, list[Group]]:
    became = ArrayAgg("new", distinct=True, filter=Q(kind=EventKind.MALWARE), default=[])
    events = Event.objects.filter(run__in=runs).with_about().order_by()
    found: dict[int, list[Group]] = defaultdict(list)
    for run, *group in events.values_list("run", "kind", "of").annotate(count=Count("pk"), became=became):
        found[run].append(tuple(group))
    return found


def _tell_few(changes: Iterable[Change]) -> None:
    """Give each of these its events."""
    groups = {(change.run.pk, change.kind, change.about): change for change in changes}
    if not groups:
        return
    wanted = [Q(run=run, kind=kind) & ABOUT[about] for run, kind, about in groups]
    for event in (
        Event.objects.filter(Q.create(wanted, connector=Q.OR)).with_names().order_by("replica__sort_key", "pk")
    ):
        groups[event.run_id, event.kind, event.about].told.append(event)
