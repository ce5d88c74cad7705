"""The questions behind the login: what the account may do, endpoint by endpoint, and whether the licence allows it."""

from datetime import UTC, datetime, timedelta

from replicas_app.doctor import words
from replicas_app.doctor.examination import Examination
from replicas_app.doctor.report import PASSED, Step
from replicas_app.vbr import VbrError

ROLES_MAY_BE_CUSTOM = "1.3-rev2"
"""From this revision on accounts with roles of the customer's own may use the API: what they may is their affair."""


def reads_replicas(exam: Examination) -> Step:
    if isinstance(exam.replicas, VbrError):
        raise exam.replicas
    return words.total(exam.replicas, "replica")


def reads_points(exam: Examination) -> Step:
    """Servers before 12.3.1 have no list of all points: then they are read replica by replica."""
    try:
        return words.total(next(iter(exam.client.points(page_size=1))).total, "restore point")
    except VbrError as error:
        if error.cause != "gone":
            raise
        return Step(PASSED, "no list of all points: read replica by replica")


def reads_sessions(exam: Examination) -> Step:
    recently = datetime.now(UTC) - timedelta(hours=1)
    next(iter(exam.client.sessions(page_size=1, created_after=recently)))
    return Step(PASSED, "may follow rescans")


def may_rescan(exam: Examination) -> Step:
    """Worked out from what the account may read, never tried: a rescan that was only meant as a question is one, too.

    The facts of a server are for administrators alone. Replicas are for them and for Restore Operators, and both may
    rescan. A role of the customer's own may have the one right without the other: that stays a question.
    """
    if isinstance(exam.replicas, VbrError):
        return words.no_rescan() if exam.replicas.cause == "role" else words.rescan_not_known()
    if not isinstance(exam.info, VbrError):
        return Step(PASSED, "as an administrator; not tried")
    if exam.info.cause == "role" and exam.client.api_version < ROLES_MAY_BE_CUSTOM:
        return Step(PASSED, "as a Restore Operator; not tried")
    return words.rescan_not_known()


def reads_server_info(exam: Examination) -> Step:
    if not isinstance(exam.info, VbrError):
        return Step(PASSED, f"build {exam.info.build_version}")
    if exam.info.cause != "role":
        raise exam.info
    return words.no_server_info()


def licence(exam: Examination) -> Step:
    if exam.licence_refusal:
        return words.failure(exam.licence_refusal)
    return Step(PASSED, "nothing was refused for it")
