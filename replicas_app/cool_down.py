"""After a rescan that ended well, a replica is left alone for a while: the same answer again would be dearly bought.

How long, `RESCAN_COOL_DOWN_SECONDS` says. Page, server and shell say it in the same words.
"""

import math
from datetime import datetime, timedelta

from django.conf import settings

from replicas_app.times import duration_words

MINUTE_SECONDS = 60


def rests_since(now: datetime) -> datetime:
    """A replica whose rescan ended well later than this is left alone …"""
    return now - timedelta(seconds=settings.RESCAN_COOL_DOWN_SECONDS)


def rests_until(now: datetime) -> datetime:
    """… but not later than this: that was by a clock of ours that was set back since. A list may be a minute old."""
    return now + timedelta(seconds=settings.RESCAN_COOL_DOWN_SECONDS + MINUTE_SECONDS)


def seconds_left(ended_at: datetime, now: datetime) -> int:
    """How long it is still left alone, in whole seconds; 0 once it is not."""
    if ended_at > rests_until(now):
        return 0
    return max(math.ceil((ended_at - rests_since(now)).total_seconds()), 0)


def words(ended_at: datetime, asked_by: str | None, now: datetime) -> str:
    """`rescanned 20 s ago by anna; again in 40 s`. `asked_by` is empty where the shell did."""
    ago, left = _words(math.floor((now - ended_at).total_seconds())), _words(seconds_left(ended_at, now))
    return f"rescanned {ago} ago by {asked_by or 'the shell'}; again in {left}"


def words_later(ended_at: datetime, asked_by: str | None, now: datetime) -> str:
    """The same for somebody who reads later what was so now: `rescanned 20 s before by anna`."""
    return f"rescanned {_words(math.floor((now - ended_at).total_seconds()))} before by {asked_by or 'the shell'}"


def _words(seconds: int) -> str:
    return f"{max(seconds, 0)} s" if seconds < MINUTE_SECONDS else duration_words(timedelta(seconds=seconds))
