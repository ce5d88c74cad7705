"""How old what the pages show is.

Data has two ages. A sync of either kind brings the replicas, their states and new restore points; only a full sweep
sees which older points have gone or changed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from replicas_app.models import BackupServer
from replicas_app.text import names_of
from replicas_app.times import age_at, age_words, ago_words, utc_words

VERY_OLD = timedelta(days=1)
SWEEP_OVERDUE = timedelta(hours=26)
"""A sweep comes every night; the longest night takes an hour more than a day, and a sweep its time."""


@dataclass(frozen=True)
class DataAge:
    """The words of the frame's pill, their tone, and the sentences behind them."""

    tone: str
    words: str
    proof: str
    unread: str = ""
    """How many servers have no data at all yet: the age is that of the others."""
    moment: datetime | None = None
    """When the data was read; None while there is none."""
    swept: datetime | None = None
    """When it was last read in full; None while that is not so of all of it."""
    late_at: datetime | None = None
    """From when on a page that stays open calls it late; None while there is none."""


def data_age(now: datetime) -> DataAge:
    return age_of(list(BackupServer.objects.for_lists()), now)


def age_of(known: list[BackupServer], now: datetime) -> DataAge:
    """The age of the oldest newest read among the enabled ones of these servers: what they hold is at least as new.
    How many hold nothing yet is told beside it.
    """
    servers = [server for server in known if server.is_enabled]
    if not servers:
        return _nothing_to_read(known, now)
    unread = [server for server in servers if server.last_success_at is None]
    read = [server for server in servers if server not in unread]
    if not read:
        return DataAge("unknown", "Never read", _unread_proof(unread))
    oldest = min(read, key=lambda server: server.last_success_at)
    age = age_at(oldest.last_success_at, now)
    proofs = [_read_proof(oldest, age), _sweep_proof(read, now), _unread_proof(unread)]
    return DataAge(
        _tone(read, unread, age, now),
        _words(age),
        " ".join(filter(None, proofs)),
        f"{len(unread)} of {len(servers)} never read" if unread else "",
        oldest.last_success_at,
        None if unswept(servers) else min(server.last_full_at for server in servers),
        min(server.stale_at for server in read),
    )


def unswept(servers: Iterable[BackupServer]) -> list[BackupServer]:
    """Those that no full sweep has come through of."""
    return [server for server in servers if server.last_full_at is None]


def is_sweep_overdue(server: BackupServer, now: datetime) -> bool:
    """Whether a server that is read has not been read in full for more than a night."""
    if not server.is_enabled or server.last_success_at is None:
        return False
    return server.last_full_at is None or abs(now - server.last_full_at) > SWEEP_OVERDUE


def _words(age: timedelta) -> str:
    if age < timedelta(0):
        return "Data of unknown age"
    return "Data just read" if age < timedelta(minutes=1) else f"Data {age_words(age)} old"


def _read_proof(oldest: BackupServer, age: timedelta) -> str:
    """What is as new as the newest sync of either kind."""
    if age < timedelta(0):
        return f"{oldest} was read {utc_words(oldest.last_success_at)}, by a clock of ours that was set back since."
    return (
        f"{oldest} was read longest ago: {ago_words(age)}, {utc_words(oldest.last_success_at)}."
        " Replicas, their states and new restore points are as of then."
    )


def _sweep_proof(servers: list[BackupServer], now: datetime) -> str:
    """What is only as new as the newest full sweep."""
    what = "Which older restore points have gone or changed"
    if never := unswept(servers):
        return f"{what} is not known yet of: {names_of_servers(never)}."
    oldest = min(servers, key=lambda server: server.last_full_at)
    age = age_at(oldest.last_full_at, now)
    return f"{what} is as of the last full sweep: {oldest}, {ago_words(age)}, {utc_words(oldest.last_full_at)}."


def _nothing_to_read(known: list[BackupServer], now: datetime) -> DataAge:
    if not known:
        return DataAge("unknown", "No server yet", "Connect a backup server, and its replicas appear here.")
    who = f"{known[0]} is disabled: it is" if len(known) == 1 else f"{names_of_servers(known)} are disabled: they are"
    return DataAge("unknown", "No server enabled", " ".join([f"{who} not read any more.", *_last_reads(known, now)]))


def _last_reads(servers: list[BackupServer], now: datetime) -> Iterator[str]:
    """How old what they hold is at most."""
    if read := [server for server in servers if server.last_success_at]:
        oldest = min(read, key=lambda server: server.last_success_at)
        yield _read_proof(oldest, age_at(oldest.last_success_at, now))


def _unread_proof(unread: list[BackupServer]) -> str:
    return f"No read has succeeded yet of: {names_of_servers(unread)}." if unread else ""


def _tone(read: list[BackupServer], unread: list[BackupServer], age: timedelta, now: datetime) -> str:
    """Unknown while nothing is wrong but that a first read has not come to its end."""
    if age > VERY_OLD:
        return "critical"
    is_late = any(server.is_stale(now) or server.doubt or is_sweep_overdue(server, now) for server in read)
    if is_late or any(server.last_error for server in unread):
        return "late"
    return "unknown" if unread else "ok"


def names_of_servers(servers: list[BackupServer]) -> str:
    """`a, b and c`; of more than these `a, b, c and 37 more`."""
    return names_of([server.name for server in servers[:3]], len(servers))
