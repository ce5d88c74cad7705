"""What the newest reads saw change."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, F, QuerySet, Window

from replicas_app.choices import EventKind
from replicas_app.filters.vocabulary import STATES
from replicas_app.models import Event, Replica, SyncRun

RUNS_WITH_NEWS = 8
TOLD_ONE_BY_ONE = 3
"""A group of changes of this size or smaller is told replica by replica."""
CHANGE_WORDS = {
    EventKind.APPEARED: ("appeared", "appeared"),
    EventKind.REMOVED: ("is gone", "are gone"),
    EventKind.REAPPEARED: ("is back", "are back"),
    EventKind.STATE: ("changed its state", "changed their state"),
}


@dataclass(frozen=True)
class Told:
    """One replica and what happened to it, where there are so few that each is told."""

    replica: Replica
    words: str

    @classmethod
    def of(cls, event: Event) -> "Told":
        if event.kind != EventKind.STATE:
            return cls(event.replica, "")
        return cls(event.replica, f"{_state(event.old)} → {_state(event.new)}")


@dataclass(frozen=True)
class Change:
    """What one read of one server saw happen in one way: `412 replicas appeared`."""

    run: SyncRun
    kind: str
    count: int
    told: list[Told]
    """Each of them where they are few; empty where they are many."""

    @property
    def words(self) -> str:
        """The end of the sentence that begins with the replicas."""
        one, many = CHANGE_WORDS.get(self.kind, (self.kind, self.kind))
        return one if self.count == 1 else many

    @property
    def href(self) -> str:
        return f"{self.run.get_absolute_url()}?{urlencode({'kind': self.kind})}"


def newest_changes() -> list[Change]:
    """What the newest reads that saw something change saw, the newest first."""
    news = SyncRun.objects.with_news().newest_first().select_related("server")
    runs = {run.pk: run for run in news[:RUNS_WITH_NEWS]}
    events = Event.objects.filter(run__in=runs)
    counted = events.order_by().values_list("run", "kind").annotate(count=Count("pk"))
    few = _told_one_by_one(events)
    changes = [Change(runs[run], kind, count, few[run, kind]) for run, kind, count in counted]
    return sorted(changes, key=lambda change: (-change.run.pk, change.kind))


def _told_one_by_one(events: QuerySet[Event]) -> Mapping[tuple[int, str], list[Told]]:
    """By run and kind, the replicas of the groups that are small enough."""
    together = Window(Count("pk"), partition_by=[F("run"), F("kind")])
    small = events.annotate(together=together).filter(together__lte=TOLD_ONE_BY_ONE)
    found: dict[tuple[int, str], list[Told]] = defaultdict(list)
    for event in small.select_related("replica").order_by("replica__sort_key", "pk"):
        found[event.run_id, event.kind].append(Told.of(event))
    return found


def _state(value: str) -> str:
    return STATES.words_of(STATES.asked(value))
