"""Rescans: start them, take them step by step to their end, cancel or stop them. docs/rescans.md tells the whole.

Plain functions over rows: no Celery, no HTTP requests of their own.
"""

from replicas_app.rescans.rows import claim, take_due
from replicas_app.rescans.steps import advance
from replicas_app.rescans.stops import stop
from replicas_app.rescans.story import Story
from replicas_app.rescans.wishes import LARGEST_SESSION, NothingSelected, Selection, sort_out, start
from replicas_app.rescans.words import fix

__all__ = [
    "LARGEST_SESSION",
    "NothingSelected",
    "Selection",
    "Story",
    "advance",
    "claim",
    "fix",
    "sort_out",
    "start",
    "stop",
    "take_due",
]
