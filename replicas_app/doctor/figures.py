"""What the doctor says of what it measured: the largest page, the pace, and what they mean for a full sweep."""

from replicas_app.doctor.examination import Measure
from replicas_app.doctor.report import OPEN, PASSED, WARNED, Step
from replicas_app.vbr import VbrError

FEW_POINTS = 200
"""So many points on a page tell nothing of the pace: most of the time is the request itself."""
LONG_SWEEP_SECONDS = 900
LONG_SWEEP = (
    "A full sweep takes long. It runs at night; in between only new points are asked for, which does not depend on how "
    "many there are. Look at the load of the backup server and its database."
)


def granted(received: int, *, asked: int, total: int | None) -> Step:
    if received == 0:
        return Step(OPEN, "no restore point to ask for")
    if received >= asked:
        return Step(PASSED, f"{received:,}, as asked for")
    if received == total:
        return Step(PASSED, f"all {received:,} that there are, at once")
    return Step(PASSED, f"{received:,} where {asked:,} were asked for")


def no_large_page() -> Step:
    return Step(OPEN, "not asked", "It is asked of the list of all restore points, which did not answer just now.")


def too_large_a_page(asked: int, seconds: float) -> Step:
    fix = f"{asked:,} restore points at once would take about {about(seconds)} at this server's pace."
    return Step(OPEN, "not asked", fix)


def large_page_refused(asked: int, error: VbrError) -> Step:
    fix = f"{asked:,} restore points at once were not given, smaller pages are. {error.sentence}"
    return Step(WARNED, "smaller ones only", fix, error.cause)


def pace(measure: Measure) -> Step:
    if measure.points == 0:
        return Step(OPEN, "no restore point to measure with")
    if measure.replicas:
        return _sweep(f"{_seconds(measure.seconds)} for one replica", measure.seconds * measure.replicas)
    if measure.points < FEW_POINTS:
        return Step(PASSED, f"too few to tell: all {measure.points:,} in {_seconds(measure.seconds)}")
    total = measure.total or measure.points
    return _sweep(f"{_seconds(measure.seconds_for(1000))}", measure.seconds_for(total), f"of {total:,} points ")


def no_pace(seconds: float) -> Step:
    fix = f"1,000 restore points did not come within {seconds:.0f} s. The reads wait longer. {LONG_SWEEP}"
    return Step(WARNED, f"more than {seconds:.0f} s", fix, "timeout")


def about(seconds: float) -> str:
    """An estimate, as coarse as it is: `a second`, `40 s`, `3 min`, `2.5 h`."""
    if seconds < 1.5:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _sweep(pace: str, seconds: float, what: str = "") -> Step:
    is_long = seconds > LONG_SWEEP_SECONDS
    detail = f"{pace}; a full sweep {what}takes about {about(seconds)}"
    return Step(WARNED if is_long else PASSED, detail, LONG_SWEEP if is_long else "")


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
