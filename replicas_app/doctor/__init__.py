"""The doctor: what is wrong between us and a backup server, step by step, and what mends it."""

from replicas_app.doctor.exam import examine
from replicas_app.doctor.fixes import fix
from replicas_app.doctor.report import Report, Step
from replicas_app.doctor.wishes import ask, keep, perform, stage_of, take_unheard
from replicas_app.doctor.words import facts_of

__all__ = ["Report", "Step", "ask", "examine", "facts_of", "fix", "keep", "perform", "stage_of", "take_unheard"]
