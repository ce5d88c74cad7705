"""The doctor: what is wrong between us and a backup server, step by step, and what mends it."""

from replicas_app.doctor.exam import examine
from replicas_app.doctor.fixes import fix
from replicas_app.doctor.report import Report, Step
from replicas_app.doctor.wishes import ask, ask_after, keep, perform, stage_of, take_unheard
from replicas_app.doctor.words import facts_of, is_skewed, skew_consequence

__all__ = [
    "Report",
    "Step",
    "ask",
    "ask_after",
    "examine",
    "facts_of",
    "fix",
    "is_skewed",
    "keep",
    "perform",
    "skew_consequence",
    "stage_of",
    "take_unheard",
]
