"""Rescans: start them, take them step by step to their end, cancel or stop them. docs/rescans.md tells the whole.

Plain functions over rows: no Celery, no HTTP requests of their own.
"""

from replicas_app.rescans.acts import with_acts
from replicas_app.rescans.changes import Changes
from replicas_app.rescans.facts import facts
from replicas_app.rescans.left_out import LeftOut
from replicas_app.rescans.members import Member, members_of, newest_of
from replicas_app.rescans.rows import ENDS_WELL, claim, take_due
from replicas_app.rescans.steps import advance
from replicas_app.rescans.stops import stop
from replicas_app.rescans.story import Story
from replicas_app.rescans.wishes import LARGEST_SESSION, NothingSelected, Selection, sort_out, start
from replicas_app.rescans.words import fix

__all__ = [
    "ENDS_WELL",
    "LARGEST_SESSION",
    "Changes",
    "LeftOut",
    "Member",
    "NothingSelected",
    "Selection",
    "Story",
    "advance",
    "claim",
    "facts",
    "fix",
    "members_of",
    "newest_of",
    "sort_out",
    "start",
    "stop",
    "take_due",
    "with_acts",
]
