"""The questions from the name to the login, each of which has to be answered well before the next one makes sense."""

from datetime import UTC, datetime

from replicas_app.choices import TrustMode
from replicas_app.connections import REFUSED_LOGINS
from replicas_app.doctor import network, words
from replicas_app.doctor.examination import DEADLINES, Examination
from replicas_app.doctor.report import PASSED, WARNED, Step
from replicas_app.vbr import VbrError, fetch_certificate


def name(exam: Examination) -> Step:
    if network.is_number(exam.address.host):
        return Step(PASSED, f"{exam.address.host} is an address, no name")
    found = network.resolve(exam.address.host, exam.address.port)
    return words.network_failure(found) if isinstance(found, network.Fault) else Step(PASSED, ", ".join(found[:4]))


def port(exam: Examination) -> Step:
    """Both ports of backup servers are tried beside the address's own, and told."""
    return words.doors(exam.address, exam.doors)


def certificate(exam: Examination) -> Step:
    if exam.address.scheme == "http":
        return Step(WARNED, "none", "Nothing is encrypted: plain HTTP is taken on this machine's own addresses only.")
    exam.certificate = fetch_certificate(exam.address.host, exam.address.port, seconds=DEADLINES.connect)
    if exam.server.is_unconfirmed:
        return words.unconfirmed(exam.certificate)
    if exam.server.trust == TrustMode.PIN and exam.certificate.sha256 != exam.server.pinned_sha256:
        return words.changed(exam.server, exam.certificate)
    if (error := exam.greeting) and error.cause.startswith("tls_"):
        return words.failure(error)
    return words.trusted(exam.server, exam.certificate, datetime.now(UTC))


def answers(exam: Examination) -> Step:
    """Whether this is the REST API at all. Needs no login, and tells the server's clock."""
    if exam.greeting and exam.greeting.cause != "version":
        raise exam.greeting
    return Step(PASSED)


def revision(exam: Examination) -> Step:
    offered = exam.client.offered_versions()
    chosen = exam.client.negotiate()
    if offered and chosen not in offered:
        return words.revision_not_offered(chosen, offered)
    if exam.greeting:
        raise exam.greeting
    if offered:
        return Step(PASSED, f"{chosen}, the server offers {len(offered)}")
    return Step(PASSED, f"{chosen}, the server names none")


def login(exam: Examination) -> Step:
    if not exam.by_hand:
        return _by_the_shared_token(exam)
    exam.client.sign_in()
    return Step(PASSED, f"signed in, {exam.client.api_version}")


def _by_the_shared_token(exam: Examination) -> Step:
    if exam.server.last_error_cause in REFUSED_LOGINS:
        return words.refused_before(exam.server)
    if isinstance(exam.info, VbrError) and exam.info.cause != "role":
        raise exam.info
    return Step(PASSED, "by the token that the reads share")
