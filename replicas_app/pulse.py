"""Do the scheduler and the workers live? Each writes its signs into a row; pages tell from them who has fallen silent.

The scheduler signs for itself and asks the workers by a message in each of their queues. It asks again only when that
was answered, or when the queue is empty and so has lost it: a queue that nobody takes from holds one question, not a
heap of them. Whoever cannot reach the queue writes that down, too; the scheduler looks every few seconds whether it is
back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from replicas_app.choices import SyncState
from replicas_app.models import Part, Pulse, SyncRun

WORKERS = (Part.WORKER, Part.RESCANS)
SILENT_AFTER = timedelta(seconds=90)
"""Who gives no sign for so long is told on the pages."""
UNANSWERED_AFTER = timedelta(seconds=30)
"""A worker that is free answers within a moment; after this none is free, or none is there."""


def begin(now: datetime) -> None:
    """Everything was made ready to run: from now on a sign is expected."""
    for part in (Part.SCHEDULER, *WORKERS):
        Pulse.objects.update_or_create(part=part, defaults={"at": now, "asked_at": None, "sent_at": None})


def sign_of_scheduler(now: datetime) -> None:
    Pulse.objects.update_or_create(part=Part.SCHEDULER, defaults={"at": now})


def sign_of_worker(now: datetime, part: Part = Part.WORKER) -> None:
    """A worker took up the question."""
    Pulse.objects.update_or_create(part=part, defaults={"at": now, "asked_at": None, "sent_at": None})


def queue_was_reached(now: datetime) -> None:
    Pulse.objects.update_or_create(part=Part.QUEUE, defaults={"at": now, "asked_at": None})


def queue_was_not_reached(now: datetime) -> None:
    """Somebody had a message and could not send it. Since when that is so stays, however often it is tried again."""
    Pulse.objects.get_or_create(part=Part.QUEUE, defaults={"at": now})
    Pulse.objects.filter(part=Part.QUEUE, asked_at=None).update(asked_at=now)


def look_at_work(now: datetime) -> None:
    """A sync that has moved is a sign of its worker, whose processes may all be too busy to answer."""
    running = SyncRun.objects.filter(state=SyncState.RUNNING).order_by("pk")
    if reached := list(running.values_list("pk", "step", "rows_read")):
        Pulse.objects.filter(part=Part.WORKER).exclude(work=str(reached)).update(work=str(reached), at=now)


def take_question(now: datetime, part: Part = Part.WORKER) -> bool:
    """Whether a worker has to be asked now. Two schedulers that look at once ask once."""
    Pulse.objects.get_or_create(part=part, defaults={"at": now})
    return _took(Q(part=part, asked_at=None), now)


def take_lost_question(now: datetime, part: Part = Part.WORKER) -> bool:
    """The same, of a queue that is empty though nobody has answered for a while."""
    is_recent = Q(sent_at__gt=now - UNANSWERED_AFTER, sent_at__lte=now + UNANSWERED_AFTER)
    return _took(~is_recent & Q(part=part), now)


def is_unanswered(now: datetime, part: Part = Part.WORKER) -> bool:
    """Whether no worker has answered for longer than a free one takes."""
    return Pulse.objects.filter(part=part, asked_at__lte=now - UNANSWERED_AFTER).exists()


def silent(now: datetime, workers: Sequence[Part] = WORKERS) -> Pulse | None:
    """The first of `all_silent`; None where all is well."""
    return next(iter(all_silent(now, workers)), None)


def all_silent(now: datetime, workers: Sequence[Part] = WORKERS) -> list[Pulse]:
    """Who gives no sign any more: the scheduler, else the queue, else those of these workers that do not.

    The scheduler looks after the queue and asks the workers, so what is known of both is as new as its own sign. A sign
    that lies ahead of our clock, which was set back, counts as none: the next one comes within seconds.
    """
    found = Pulse.objects.in_bulk()
    scheduler, queue = found.get(Part.SCHEDULER), found.get(Part.QUEUE)
    if scheduler and not _is_recent(scheduler.at, now):
        return [scheduler]
    if queue and queue.asked_at:
        return [queue]
    return [found[part] for part in workers if part in found and _is_silent(found[part], now)]


def last_sign_of_worker(part: Part = Part.WORKER) -> datetime | None:
    return Pulse.objects.filter(part=part).values_list("at", flat=True).first()


def _is_silent(worker: Pulse, now: datetime) -> bool:
    return worker.asked_at is not None and not (_is_recent(worker.asked_at, now) or _is_recent(worker.at, now))


def _is_recent(moment: datetime, now: datetime) -> bool:
    return abs(now - moment) <= SILENT_AFTER


def _took(question: Q, now: datetime) -> bool:
    return bool(Pulse.objects.filter(question).update(asked_at=Coalesce(F("asked_at"), now), sent_at=now))
