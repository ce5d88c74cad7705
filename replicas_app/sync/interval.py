"""What an interval's sync reads of the restore points: the new ones, and whether the counts agree with ours.

New points are asked for by their time of creation, from a watermark of the server's own clock on. What turned up late,
what went, and what was scanned since shows in the server's counts alone: of all points, of the findings, and of the
points of a recent time (where a late point took the place of an old one, all of them are as many as before). Where they
are not what they should be, points are looked at that retention may have dropped, and the look at the new ones goes
farther back; then the replicas that just got a point are read to their end; and if that does not explain it,
everything is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from replicas_app.models import SyncRun
from replicas_app.sync import dropped, stage, witnesses
from replicas_app.sync.doubts import is_a_drop
from replicas_app.sync.memory import RECENT_STAYS_WRONG
from replicas_app.sync.read import Reading, is_worth_a_request
from replicas_app.vbr import Client, Rejected

REACHES = (
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=24),
)
"""How far behind the watermark new points are looked for, one look after the other, each only where the ones before do
not explain the counts. A point bears the time when its job began, and is listed when that has ended."""
FAR = timedelta(hours=4)
FEW_ROWS = 10_000
"""A look that goes back farther may bring so many rows, or as many as `dropped` lets a look bring."""
RECENT = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))
"""The times of which the points are counted, another one at each interval: short enough that what retention drops is
mostly older, long enough for jobs that run for hours."""
WORST = ("Infected", "Suspicious")
"""The findings that must not wait for the night. A scan finds them in old points, too."""


@dataclass(frozen=True)
class Disagreement:
    """Between the server's counts and what they would be if nothing else happened than what is staged."""

    words: str
    missing: int = 0
    """How many points the server has less."""
    is_recent: bool = False
    """Only the points of a recent time are more or fewer than they should be."""


class Look(NamedTuple):
    """At the points of a time, which may be new."""

    begin: datetime
    until: datetime | None
    """None: to this day, and what looks before brought is asked for anew."""
    is_far: bool
    """Whether it may bring so many points that it is not worth it."""


def read_new(reading: Reading, client: Client) -> str:
    """Stage what is new. The answer is why everything has to be read after all, in words; empty where it need not."""
    if _knows_more_of_what_was_not_stored(reading.run):
        return "a replica is new, and some restore points of the last sweep were not stored"
    server, disagreement = reading.run.server, None
    staged: set[dropped.Span] = set()
    witnesses_begin = witnesses.begin(server)
    try:
        for look in _looks(server.watermark, witnesses_begin or server.watermark):
            if look.is_far and not _is_worth_it(reading, look.begin):
                break
            if look.until is None:
                reading.forget_points()
                staged.clear()
            if not _look_at_new(reading, client, look):
                return "the new points did not all come, or not all in a form that can be read"
            if witnesses_begin and not witnesses.has_come(server):
                continue
            if not (disagreement := _after_retention(reading, client, staged)):
                return ""
    except Rejected as error:
        if error.cause != "gone":
            raise
        return "this server has no list of all its points"
    if disagreement is None:
        return "the server lists none of the newest points that we hold where their time is asked for"
    if disagreement.is_recent:
        reading.recent_stays_wrong = True
        return ""
    if _read_to_their_end(reading, client):
        if is_a_drop(stage.expected_points(reading.run.server_id), reading.held(reading.points)):
            return "most of the restore points that we hold would be gone"
        disagreement = _disagreement(client, reading.run)
    return disagreement.words if disagreement and not disagreement.is_recent else ""


def _knows_more_of_what_was_not_stored(run: SyncRun) -> bool:
    """A new replica may be that of old points, which no count tells of any more, and no look at new points finds."""
    return (run.server.uncounted.get("") or 0) > 0 and stage.has_new_replicas(run.server_id)


def _looks(watermark: datetime, witnesses_begin: datetime) -> Iterator[Look]:
    """One after the other. Each takes in the witnesses, and so much before them as it goes back farther than the first.

    A server lists its points slowly, so what a look brought is not asked for again. The farthest one takes nothing of
    it for granted: what went meanwhile is still staged.
    """
    beside = witnesses_begin - dropped.MARGIN + REACHES[0]
    begins = [min(watermark, beside) - reach for reach in REACHES]
    for reach, (nearer, begin) in zip(REACHES, pairwise((None, *begins)), strict=True):
        is_far = reach > FAR
        yield Look(begin, None if nearer is None or is_far else nearer + dropped.MARGIN, is_far)


def _is_worth_it(reading: Reading, begin: datetime) -> bool:
    server = reading.run.server
    rows = server.points.present().filter(created_at__gte=begin).count()
    return rows <= max(FEW_ROWS, stage.expected_points(server.pk) // dropped.AT_MOST_THE)


def _after_retention(reading: Reading, client: Client, staged: set[dropped.Span]) -> Disagreement | None:
    """What does not agree, when what retention may have dropped has been looked at.

    What did not come is believed to be gone only where the counts agree with that. `staged`: times whose points came
    already; those that come now are added.
    """
    disagreement = _disagreement(client, reading.run)
    if disagreement and _look_where_points_went(reading, client, disagreement.missing, staged):
        disagreement = _disagreement(client, reading.run)
        if disagreement and disagreement.missing:
            stage.forget_gone()
    return disagreement


def _look_at_new(reading: Reading, client: Client, look: Look) -> bool:
    """Stage the points of this time. Say whether all of them came."""
    span = {"created_after": look.begin, "created_before": look.until}
    new = client.points(**span, pace=reading.pace, first=reading.pace.largest)
    if is_whole := reading.read_points(new, forgives_known=True):
        stage.forget_what_is_held(reading.run.server_id)
    return is_whole


def _look_where_points_went(reading: Reading, client: Client, missing: int, staged: set[dropped.Span]) -> bool:
    """Stage the points of the times from which retention may have dropped some, and note what is gone. Say whether."""
    spans = dropped.spans(reading.run.server_id) if missing > 0 else []
    return bool(spans) and all(_look_at(reading, client, span, staged) for span in spans)


def _look_at(reading: Reading, client: Client, span: dropped.Span, staged: set[dropped.Span]) -> bool:
    server_id, wide = reading.run.server_id, dropped.with_witnesses(reading.run.server_id, span)
    if wide not in staged and not reading.read_points(dropped.listed(client, wide, reading.pace)):
        return False
    staged.add(wide)
    stage.forget_what_is_held(server_id)
    if proves_something := dropped.has_come(server_id, wide):
        stage.note_gone_between(server_id, *span)
    return proves_something


def _disagreement(client: Client, run: SyncRun) -> Disagreement | None:
    """What could not be counted at the last sweep is not asked for."""
    return next(_disagreements(client, run), None)


def _disagreements(client: Client, run: SyncRun) -> Iterator[Disagreement]:
    server = run.server
    told, expected = client.count_points(), stage.expected_points(server.pk) + (server.uncounted.get("") or 0)
    if told is not None and told != expected:
        yield Disagreement(f"the server counts {told:,} restore points, we {expected:,}", expected - told)
    for status in WORST:
        if server.uncounted.get(status) == 0:
            told, expected = client.count_points(malware_status=status), stage.expected_with_malware(server.pk, status)
            if told is not None and told != expected:
                yield Disagreement(f"the server counts {told:,} points as {status}, we {expected:,}")
    if told is not None and server.uncounted.get("") == 0 and RECENT_STAYS_WRONG not in server.uncounted:
        yield from _recent_disagreements(client, run)


def _recent_disagreements(client: Client, run: SyncRun) -> Iterator[Disagreement]:
    since = run.server.watermark - _recent(run)
    told, expected = client.count_points(created_after=since), stage.expected_since(run.server_id, since)
    if told is not None and told != expected:
        yield Disagreement(f"the server counts {told:,} recent points, we {expected:,}", is_recent=True)


def _recent(run: SyncRun) -> timedelta:
    """Whose turn it is."""
    turn = int(run.started_at.timestamp() // run.server.sync_interval_seconds)
    return RECENT[turn % len(RECENT)]


def _read_to_their_end(reading: Reading, client: Client) -> bool:
    """Stage all points of the replicas that have new ones, where that is cheaper than a sweep. Say whether."""
    touched = stage.replicas_with_new_points(reading.run.server_id)
    held = stage.expected_points(reading.run.server_id)
    if not touched or not is_worth_a_request(len(touched), held):
        return False
    return all(_read_to_its_end(reading, client, replica_id) for replica_id in touched)


def _read_to_its_end(reading: Reading, client: Client, replica_id: str) -> bool:
    try:
        is_whole = reading.read_points(client.replica_points(replica_id, pace=reading.pace))
    except Rejected as error:
        if error.cause != "gone":
            raise
        return False
    if is_whole:
        stage.note_gone_of(reading.run.server_id, replica_id)
    return is_whole


def counted(client: Client) -> Iterator[tuple[str, int | None]]:
    """What the server counts by malware status; None where it does not say."""
    return ((status, _count(client, status)) for status in WORST)


def _count(client: Client, status: str) -> int | None:
    try:
        return client.count_points(malware_status=status)
    except Rejected:
        return None
