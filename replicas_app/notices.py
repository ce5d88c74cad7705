"""What stands in the way of the data's being newer: of a server, and of the processes that read.

In words, for the pages that show rows of that server, and for whoever waits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from replicas_app import pulse
from replicas_app.freshness import VERY_OLD, is_sweep_overdue, names_of_servers
from replicas_app.models import BackupServer, Part, Pulse, SyncRun
from replicas_app.times import age_at, ago_words, utc_words

NOBODY_READS = "No read has failed since: look whether worker and scheduler are running."
TONES = ("critical", "late", "unknown")
"""Of notices, the gravest first."""


@dataclass(frozen=True)
class Notice:
    """What keeps the rows of one server from being as new as they should be, and where that can be mended."""

    tone: str
    strong: str
    text: str
    href: str = ""
    act: str = ""
    reading: SyncRun | None = None
    """The server's first read, while it is under way."""


def notices_of(servers: Iterable[BackupServer], now: datetime) -> list[Notice]:
    """What is to be said of these servers, the gravest first; nothing of those that are read as they should be."""
    servers = list(servers)
    forgotten = [server for server in servers if _is_forgotten(server, now)]
    nobody_reads = _why_nobody_reads(now) if forgotten else ""
    together = forgotten if len(forgotten) > 1 else []
    first_reads = _first_reads(servers)
    told = [
        _notice(server, first_reads.get(server.pk), nobody_reads, now) for server in servers if server not in together
    ]
    told += [_forgotten(together, nobody_reads, now)] if together else []
    return sorted(filter(None, told), key=lambda notice: TONES.index(notice.tone))


def process_notices(silent: Iterable[Pulse]) -> list[Notice]:
    """That the scheduler or workers have fallen silent, without whom nothing is read or no rescan goes on."""
    return [_process_notice(part) for part in silent]


def _process_notice(silent: Pulse) -> Notice:
    since = f"since {utc_words(silent.at)}"
    if silent.part == Part.QUEUE:
        text = (
            "Nothing is read and no rescan goes on before it is back: see that the broker runs and lets us in. What is"
            " asked for meanwhile is kept, and done once."
        )
        return Notice("critical", f"The queue cannot be reached since {utc_words(silent.asked_at)}.", text)
    if silent.part == Part.SCHEDULER:
        text = "Nothing is read and no rescan goes on before it does: see that beat runs, and look at its log."
        return Notice("critical", f"The scheduler has given no sign {since}.", text)
    if silent.part == Part.RESCANS:
        text = (
            "No rescan goes on before one does: see that a worker runs that takes the queue “rescans”, and restart one"
            " that hangs. What was asked for meanwhile is kept, and done once."
        )
        return Notice("critical", f"No worker of the rescans has answered {since}.", text)
    text = (
        "Nothing is read before one does: see that a worker and the broker run, and restart a worker that hangs. What"
        " was asked for meanwhile is kept, and done once."
    )
    return Notice("critical", f"No worker has answered {since}.", text)


def why_it_waits(now: datetime, worker: Part = Part.WORKER) -> str:
    """Why no such worker takes up what was asked for, since when none did, and what becomes of it; empty where one
    will."""
    silent = pulse.silent(now, (worker,))
    if silent is None:
        return ""
    if silent.part == Part.SCHEDULER:
        return (
            f"The scheduler has given no sign since {utc_words(silent.at)}, so nobody tells a worker. This is kept, and"
            " goes on by itself when the scheduler runs again."
        )
    if silent.part == worker:
        return (
            f"No worker has taken anything up since {utc_words(silent.at)}. This is kept, and goes on by itself, once,"
            " when one does."
        )
    last = pulse.last_sign_of_worker(worker)
    taken_up = f" The last sign of a worker came {utc_words(last)}." if last else ""
    return (
        f"The queue cannot be reached since {utc_words(silent.asked_at)}, so no worker can be told.{taken_up} This is"
        " kept, and goes on by itself, once, when the queue is back. Nobody has to press again."
    )


def _why_nobody_reads(now: datetime) -> str:
    told = process_notices(pulse.all_silent(now, (Part.WORKER,)))
    return next((f"{notice.strong} {notice.text}" for notice in told), NOBODY_READS)


def _is_forgotten(server: BackupServer, now: datetime) -> bool:
    """Whether its data is old although nothing went wrong at the last read: it seems that nobody reads any more."""
    return server.is_enabled and server.is_stale(now) and not server.last_error


def _forgotten(servers: list[BackupServer], nobody_reads: str, now: datetime) -> Notice:
    age = age_at(max(server.last_success_at for server in servers), now)
    return Notice(
        "critical" if age > VERY_OLD else "late",
        f"{len(servers)} servers were last read {ago_words(age)} or earlier.",
        f"{names_of_servers(servers)}. {nobody_reads}",
        reverse("servers"),
        "Servers",
    )


def _first_reads(servers: list[BackupServer]) -> dict[int, SyncRun]:
    unread = [server.pk for server in servers if server.last_success_at is None]
    if not unread:
        return {}
    return {run.server_id: run for run in SyncRun.objects.open().filter(server__in=unread)}


def _notice(server: BackupServer, first_read: SyncRun | None, nobody_reads: str, now: datetime) -> Notice | None:
    if server.last_success_at is None:
        return _unread(server, first_read)
    as_of = f"Its rows are as of {utc_words(server.last_success_at)}."
    age = age_at(server.last_success_at, now)
    if not server.is_enabled:
        return _about(server, "unknown", "is disabled.", f"Nothing is read from it. {as_of}", "Open")
    tone = "critical" if age > VERY_OLD else "late"
    if server.doubt:
        return _doubted(server, tone, as_of)
    if server.is_stale(now):
        return _about(server, tone, _last_read_words(age), f"{as_of} {server.last_error or nobody_reads}", "Why")
    if server.last_error:
        return _about(server, tone, "was not read completely at the last try.", f"{as_of} {server.last_error}", "Why")
    return _unswept(server) if is_sweep_overdue(server, now) else None


def _last_read_words(age: timedelta) -> str:
    if age < timedelta(0):
        return "was last read before our clock was set back, so the age of its rows is not known."
    return f"was last read {ago_words(age)}."


def _doubted(server: BackupServer, tone: str, as_of: str) -> Notice:
    """A drop waits for a person, who alone can know whether it is true. What else went wrong since is told as well."""
    dropped = " and ".join(f"{came:,} of {held:,} {listing}" for listing, (came, held) in server.doubt.items())
    other = f" {server.last_error}" if server.last_error_cause not in ("", "drop") else ""
    text = f"We kept all of them. {as_of} If the others are really gone, accept that.{other}"
    return _about(server, tone, f"answered with {dropped}.", text, "Decide")


def _unswept(server: BackupServer) -> Notice:
    if server.last_full_at is None:
        text = "Restore points that went or changed are still shown as they were. A full sweep sees them."
        return _about(server, "late", "has never been read in full.", text, "Open")
    text = f"Older restore points are shown as they were {utc_words(server.last_full_at)}. A full sweep is overdue."
    return _about(server, "late", "has not been read in full for more than a day.", text, "Open")


def _unread(server: BackupServer, first_read: SyncRun | None) -> Notice:
    if not server.is_enabled:
        return _about(server, "unknown", "is disabled.", "It has never been read.", "Open")
    if server.is_unconfirmed:
        words = "Nothing is sent to it before somebody has compared it."
        return _about(server, "late", "waits for its certificate to be accepted.", words, "Compare and accept")
    if first_read:
        strong, words = f"Reading {server} for the first time.", "Its rows appear when everything is read."
        return Notice("unknown", strong, words, server.get_absolute_url(), "Watch", first_read)
    if server.last_error:
        return _about(server, "critical", "has never been read completely.", server.last_error, "Why")
    return _about(server, "unknown", "has not been read yet.", "Its first read begins within a minute.", "Open")


def _about(server: BackupServer, tone: str, is_so: str, text: str, act: str) -> Notice:
    return Notice(tone, f"{server} {is_so}", text, server.get_absolute_url(), act)
