"""Looking for the session of a request whose answer was lost.

A backup server runs resynchronisations of its own every quarter of an hour, and other people and programs start theirs.
So a session is taken for ours only when it is the single one that our account started in the moments in which the
server can have had our request. One without an initiator (old servers name none) is at most "probably" ours.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from replicas_app.models import Rescan
from replicas_app.vbr import Client, Page, SessionRecord

RESYNCHRONISATION = "ConfigurationResynchronize"
CLOCK_DOUBT = timedelta(seconds=5)
"""How far two readings of the server's clock may be apart."""
ANSWER_WINDOW = timedelta(minutes=5)
"""A request is given up after less; what began later is not its session."""
PAGES_LOOKED_AT = 5
SECONDS_LOOKED = 60
"""After so long no further page is asked for: a list of 40,000 sessions may come slowly."""
OWN_BY_SYSTEM = "system"


@dataclass(frozen=True)
class Found:
    ours: SessionRecord | None = None
    words: str = ""


def look(client: Client, rescan: Rescan) -> Found:
    """Our session, if there can be no doubt; else what is to be said about the sessions that are there."""
    candidates, is_all = _candidates(client, rescan)
    ours = [record for record in candidates if _is_same_account(record.initiated_by, rescan.server.username)]
    nameless = [record for record in candidates if not record.initiated_by]
    if not is_all:
        return Found(words="Its list of sessions is too long, or came too slowly, to be sure of any.")
    if len(ours) == 1 and not nameless:
        return Found(ours=ours[0])
    return Found(words=_words(ours + nameless))


def _words(possible: list[SessionRecord]) -> str:
    if not possible:
        return "None of its sessions can be ours, so it most likely did not start."
    if len(possible) == 1:
        id, began = possible[0].id, possible[0].created_at
        return f"Session {id} of {began:%H:%M:%S} UTC is probably ours, but the server does not say who started it."
    return f"{len(possible)} of its sessions could be ours, and nothing tells which."


def _candidates(client: Client, rescan: Rescan) -> tuple[list[SessionRecord], bool]:
    """The sessions that could be ours, and whether these are all. The server narrows the list, and we look again."""
    skew = timedelta(seconds=client.server_time().skew_seconds)
    first = rescan.asked_at + skew - CLOCK_DOUBT
    last = rescan.asked_at + skew + ANSWER_WINDOW
    pages = client.sessions(types=[RESYNCHRONISATION], created_after=first, created_before=last)
    records, is_all = _read(pages)
    possible = [record for record in records if _is_possible(record, first, last)]
    others = Rescan.objects.filter(server=rescan.server, session_id__in=[record.id for record in possible])
    known = {str(id) for id in others.values_list("session_id", flat=True)}
    return [record for record in possible if record.id not in known], is_all


def _read(pages: Iterable[Page[SessionRecord]]) -> tuple[list[SessionRecord], bool]:
    """The sessions on the first pages, and whether there was no further one."""
    ends, records = time.monotonic() + SECONDS_LOOKED, []
    for number, page in enumerate(pages, 1):
        if number > PAGES_LOOKED_AT or (number > 1 and time.monotonic() > ends):
            return records, False
        records += page.records
    return records, True


def _is_possible(record: SessionRecord, first: datetime, last: datetime) -> bool:
    return (
        record.type.casefold() == RESYNCHRONISATION.casefold()
        and record.created_at is not None
        and first <= record.created_at <= last
        and _account(record.initiated_by)[1] != OWN_BY_SYSTEM
    )


def _is_same_account(initiator: str, username: str) -> bool:
    """Whether both name one account. A domain that only one of them names, or a mere dot, does not part them."""
    (their_domain, their_user), (our_domain, our_user) = _account(initiator), _account(username)
    is_same_domain = not their_domain or not our_domain or their_domain == our_domain
    return bool(their_user) and their_user == our_user and is_same_domain


def _account(name: str) -> tuple[str, str]:
    r"""Domain and user of `DOMAIN\user`, `user@domain.example` or `user`, folded; of a DNS domain the first label."""
    before, backslash, after = name.casefold().rpartition("\\")
    if not backslash:
        after, _, before = after.partition("@")
    return before.partition(".")[0], after
