"""From when on history is kept, and what was dropped of it, in words: nothing goes silently."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from django.conf import settings

from replicas_app.models import BackupServer, Drop
from replicas_app.times import day_words, utc_words

NOUNS = {"events": "change", "points": "vanished restore point", "vms": "vanished VM", "replicas": "vanished replica"}
"""What retention drops: the columns of `Drop` in the singular."""


@dataclass(frozen=True)
class Kept:
    """The history of these servers, as far as it is kept."""

    servers: Iterable[BackupServer]

    @cached_property
    def since(self) -> datetime | None:
        """From then on everything of all of them is there; None where nothing was ever dropped."""
        return max((server.history_from for server in self.servers if server.history_from), default=None)

    @cached_property
    def drops(self) -> list[Drop]:
        """What was dropped last: of each server's last passes, those of the newest day."""
        newest = Drop.objects.filter(server__in=[server.pk for server in self.servers]).newest_by_server().values()
        day = max((_day(drop) for drop in newest), default=None)
        return [drop for drop in newest if _day(drop) == day]

    @property
    def words(self) -> str:
        """`History is kept from 12 Oct 2026, 02:40 UTC on; 1,204 changes were dropped on 25 Nov 2026.`"""
        if not self.since:
            return "All history is kept so far."
        dropped = f"; {self._dropped}" if self.drops else ""
        return f"History is kept from {utc_words(self.since)} on{dropped}."

    @property
    def rule(self) -> str:
        """How long it is kept, by the settings."""
        events, vanished = settings.EVENTS_KEPT_DAYS, settings.VANISHED_KEPT_DAYS
        if events == vanished:
            return f"Changes, and what the servers no longer list, are kept {_days(events)}."
        return f"Changes are kept {_days(events)}, and what the servers no longer list {_days(vanished)}."

    @property
    def _dropped(self) -> str:
        sums = {noun: sum(getattr(drop, column) for drop in self.drops) for column, noun in NOUNS.items()}
        told = [f"{count:,} {noun}{'' if count == 1 else 's'}" for noun, count in sums.items() if count] or ["nothing"]
        last = told.pop()
        listed = f"{', '.join(told)} and {last}" if told else last
        was = "was" if sum(sums.values()) <= 1 else "were"
        return f"{listed} {was} dropped on {day_words(self.drops[0].began_at)}"


def _day(drop: Drop) -> datetime:
    return drop.began_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _days(days: int) -> str:
    return f"for {days:,} day{'' if days == 1 else 's'}" if days else "for ever"
