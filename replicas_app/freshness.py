"""How old what the pages show is: the age of the server that was read longest ago."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from replicas_app.models import BackupServer
from replicas_app.times import age_words, ago_words, utc_words

VERY_OLD = timedelta(days=1)


@dataclass(frozen=True)
class DataAge:
    """The words of the frame's pill, their tone, and the sentence behind them."""

    tone: str
    words: str
    proof: str
    moment: datetime | None = None
    """When the data was read; None while there is none, or a part of it is missing."""


def data_age(now: datetime) -> DataAge:
    """The age of the oldest newest read among the enabled servers: everything shown is at least as new."""
    known = list(BackupServer.objects.by_name())
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
