"""The questions with numbers for an answer: the clock, the largest page, the pace."""

from replicas_app.doctor import figures, words
from replicas_app.doctor.examination import DEADLINES, Examination, OnePage, outcome
from replicas_app.doctor.report import Step
from replicas_app.vbr import VbrError

LARGEST_PAGE = 10_000


def clock(exam: Examination) -> Step:
    return words.skew(exam.skew_seconds)


def largest_page(exam: Examination) -> Step:
    """Asked only where it can be answered in time, by what a page of 1,000 took."""
    measure = exam.measure
    if isinstance(measure, VbrError) or measure.replicas:
        return figures.no_large_page()
    there_are = LARGEST_PAGE if measure.total is None else measure.total
    if (seconds := measure.seconds_for(min(LARGEST_PAGE, there_are))) > DEADLINES.read:
        return figures.too_large_a_page(LARGEST_PAGE, seconds)
    found = outcome(lambda: next(iter(exam.client.points(pace=OnePage(LARGEST_PAGE)))))
    if isinstance(found, VbrError):
        return figures.large_page_refused(LARGEST_PAGE, found)
    return figures.granted(found.received, asked=LARGEST_PAGE, total=found.total)


def pace(exam: Examination) -> Step:
    if not isinstance(exam.measure, VbrError):
        return figures.pace(exam.measure)
    if exam.measure.cause != "timeout":
        raise exam.measure
    return figures.no_pace(DEADLINES.total)
