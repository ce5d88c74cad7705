"""How old what the pages show is, and what stands in the way of its being newer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from replicas_app.models import BackupServer, SyncRun
from replicas_app.times import age_words, ago_words, utc_words

VERY_OLD = timedelta(days=1)
NOBODY_READS = "No read has failed since: look whether worker and scheduler are running."
TONES = ("critical", "late", "unknown")
"""Of notices, the gravest first."""


@dataclass(frozen=True)
class DataAge:
    """The words of the frame's pill, their tone, and the sentence behind them."""

    tone: str
    words: str
    proof: str
    moment: datetime | None = None
    """When the data was read; None while there is none, or a part of it is missing."""


def data_age(now: datetime) -> DataAge:
    return age_of(list(BackupServer.objects.by_name()), now)


def age_of(known: list[BackupServer], now: datetime) -> DataAge:
    """The age of the oldest newest read among the enabled ones of these servers: what they hold is at least as new."""
    servers = [server for server in known if server.is_enabled]
    if not servers:
        return _nothing_to_read(known)
    if unread := [server for server in servers if server.last_success_at is None]:
        return _never_read(unread, of=len(servers))
    oldest = min(servers, key=lambda server: server.last_success_at)
    age = now - oldest.last_success_at
    words = "Data just read" if age < timedelta(minutes=1) else f"Data {age_words(age)} old"
    proof = f"{oldest} was read longest ago: {ago_words(age)}, {utc_words(oldest.last_success_at)}."
    return DataAge(_tone(servers, age, now), words, proof, oldest.last_success_at)


def _nothing_to_read(known: list[BackupServer]) -> DataAge:
    if known:
        return DataAge("unknown", "No server enabled", "Every server is disabled: nothing is read any more.")
    return DataAge("unknown", "No server yet", "Connect a backup server, and its replicas appear here.")


def _never_read(unread: list[BackupServer], of: int) -> DataAge:
    names = ", ".join(server.name for server in unread[:3]) + (" …" if len(unread) > 3 else "")
    words = "Never read" if len(unread) == of else f"{len(unread)} of {of} never read"
    return DataAge("unknown", words, f"No read has succeeded yet of: {names}.")


def _tone(servers: list[BackupServer], age: timedelta, now: datetime) -> str:
    if age > VERY_OLD:
        return "critical"
    return "late" if any(server.is_stale(now) for server in servers) else "ok"


@dataclass(frozen=True)
class Notice:
    """What keeps the rows of one server from being as new as they should be, and where that can be mended."""

    tone: str
    strong: str
    text: str
    href: str
    act: str
    reading: SyncRun | None = None
    """The server's first read, while it is under way."""


def notices_of(servers: Iterable[BackupServer], now: datetime) -> list[Notice]:
    """What is to be said of these servers, the gravest first; nothing of those that are read as they should be."""
    servers = list(servers)
    forgotten = [server for server in servers if _is_forgotten(server, now)]
    together = forgotten if len(forgotten) > 1 else []
    first_reads = _first_reads(servers)
    told = [_notice(server, first_reads.get(server.pk), now) for server in servers if server not in together]
    told += [_forgotten(together, now)] if together else []
    return sorted(filter(None, told), key=lambda notice: TONES.index(notice.tone))


def _is_forgotten(server: BackupServer, now: datetime) -> bool:
    """Whether its data is old although nothing went wrong at the last read: it seems that nobody reads any more."""
    return server.is_enabled and server.is_stale(now) and not server.last_error


def _forgotten(servers: list[BackupServer], now: datetime) -> Notice:
    age = now - max(server.last_success_at for server in servers)
    names = ", ".join(server.name for server in servers[:3]) + (" …" if len(servers) > 3 else "")
    return Notice(
        "critical" if age > VERY_OLD else "late",
        f"{len(servers)} servers were last read {ago_words(age)} or earlier.",
        f"{names}. {NOBODY_READS}",
        reverse("servers"),
        "Servers",
    )


def _first_reads(servers: list[BackupServer]) -> dict[int, SyncRun]:
    unread = [server.pk for server in servers if server.last_success_at is None]
    return {run.server_id: run for run in SyncRun.objects.open().filter(server__in=unread)}


def _notice(server: BackupServer, first_read: SyncRun | None, now: datetime) -> Notice | None:
    if server.last_success_at is None:
        return _unread(server, first_read)
    as_of = f"Its rows are as of {utc_words(server.last_success_at)}."
    age = now - server.last_success_at
    if not server.is_enabled:
        return _about(server, "unknown", "is disabled.", f"Nothing is read from it. {as_of}", "Open")
    tone = "critical" if age > VERY_OLD else "late"
    if server.is_stale(now):
        return _about(
            server, tone, f"was last read {ago_words(age)}.", f"{as_of} {server.last_error or NOBODY_READS}", "Why"
        )
    if server.last_error:
        return _about(server, tone, "was not read completely at the last try.", f"{as_of} {server.last_error}", "Why")
    return None


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
