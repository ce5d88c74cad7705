"""What the doctor says. The sentences for a cause come from `vbr.causes`; here is what the test itself can add."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from replicas_app.choices import TrustMode
from replicas_app.doctor import network
from replicas_app.doctor.report import FAILED, OPEN, PASSED, WARNED, Step
from replicas_app.models import BackupServer
from replicas_app.vbr import Certificate, Denied, VbrError, fingerprint_of
from replicas_app.vbr.addresses import Address
from replicas_app.vbr.causes import explain

CLOCK_TOLERANCE_SECONDS = 30
EXPIRES_SOON = timedelta(days=30)

IN_SHORT = {
    "dns": "not found",
    "refused": "closed",
    "unreachable": "no way there",
    "timeout": "no answer",
    "reset": "broke off",
    "tls_untrusted": "not trusted",
    "tls_expired": "out of its dates",
    "tls_name": "for another name",
    "tls_changed": "changed",
    "tls_other": "no secure connection",
    "not_tls": "no TLS",
    "port": "not a backup server",
    "version": "not offered",
    "login": "refused",
    "locked": "locked",
    "mfa": "wants a second factor",
    "paused": "paused",
    "secret": "password cannot be opened",
    "token": "token refused",
    "role": "not allowed",
    "between": "somebody else answered",
    "licence": "not licensed",
    "busy": "busy",
    "server": "fault of the server",
    "rejected": "not taken",
    "gone": "not there",
    "answer": "not readable",
}


def failure(error: VbrError, hint: str = "") -> Step:
    """A step that failed by an error of the client: the sentence, what was seen, the fix."""
    return Step(FAILED, IN_SHORT.get(error.cause, "failed"), _joined(error.sentence, error.fix, hint), error.cause)


def network_failure(fault: network.Fault, hint: str = "") -> Step:
    cause = explain(fault.cause)
    said = f"The system says: {fault.words}." if fault.words else ""
    return Step(FAILED, IN_SHORT[fault.cause], _joined(cause.sentence, said, cause.fix, hint), fault.cause)


def port_hint(address: Address) -> str:
    """Names the other port of backup servers, if something listens there."""
    other = network.other_open_port(address.host, address.port)
    if other is None:
        return ""
    which = "servers from 13.1 on answer there" if other == 443 else "the REST API's usual port"
    return f"Port {other} is open on this machine ({which}): try {replace(address, port=other).url}."


def unconfirmed(shown: Certificate) -> Step:
    fix = (
        f"The server shows {shown.fingerprint}. Compare it with the certificate on the server's own console, "
        "then accept it here. Nothing is sent before that, the password least of all."
    )
    return Step(FAILED, "not accepted yet", fix, "tls_unconfirmed")


def changed(server: BackupServer, shown: Certificate) -> Step:
    fix = (
        f"Pinned {fingerprint_of(server.pinned_sha256)}, shown {shown.fingerprint}, {_until(shown)}. "
        f"{explain('tls_changed').fix}"
    )
    return Step(FAILED, IN_SHORT["tls_changed"], fix, "tls_changed")


def trusted(server: BackupServer, shown: Certificate, now: datetime) -> Step:
    """A certificate that passed. What will stop it from passing, or what nobody checks, is said before it hurts."""
    if server.trust == TrustMode.OFF:
        fix = (
            "Nobody checks this certificate, so anybody may stand in between and read the password. "
            f"Pin it instead: it is {shown.fingerprint}."
        )
        return Step(WARNED, "not checked", fix)
    if server.trust == TrustMode.PIN:
        return Step(PASSED, f"the pinned one, {_until(shown)}")
    if shown.not_after and shown.not_after - now < EXPIRES_SOON:
        return Step(WARNED, _until(shown), "Renew the certificate on the backup server before that day.")
    return Step(PASSED, _until(shown))


def revision_not_offered(chosen: str, offered: Sequence[str]) -> Step:
    return failure(Denied("version", tried=[chosen], offered=offered), "Set the API revision to Automatic to find it.")


def total(count: int, noun: str) -> Step:
    return Step(PASSED, f"{count:,} {noun}{'' if count == 1 else 's'}")


def no_server_info() -> Step:
    fix = "Only a Veeam Backup Administrator may. Without it the build number stays unknown; nothing else is missing."
    return Step(WARNED, IN_SHORT["role"], fix, "role")


def rescan_not_tried() -> Step:
    fix = (
        "A test starts no rescan. The roles that may read replicas, Veeam Backup Administrator and "
        "Veeam Restore Operator, may rescan them as well."
    )
    return Step(OPEN, "not tried", fix)


def skew(seconds: float) -> Step:
    if abs(seconds) <= CLOCK_TOLERANCE_SECONDS:
        return Step(PASSED, f"{abs(seconds):.0f} s apart")
    ahead = "ahead of" if seconds > 0 else "behind"
    fix = (
        f"The server's clock is {abs(seconds):.0f} s {ahead} this machine's. Ages are computed against the server's "
        "clock, so they stay right; set both by the same time service all the same."
    )
    return Step(WARNED, f"{abs(seconds):.0f} s apart", fix)


def facts_of(certificate: Certificate | None) -> dict[str, Any] | None:
    """What a person compares, fit for JSON."""
    if certificate is None:
        return None
    return asdict(certificate) | {
        "fingerprint": certificate.fingerprint,
        "not_before": certificate.not_before and certificate.not_before.isoformat(),
        "not_after": certificate.not_after and certificate.not_after.isoformat(),
        "names": list(certificate.names),
    }


def _until(certificate: Certificate) -> str:
    return f"valid until {certificate.not_after:%-d %b %Y}" if certificate.not_after else "dates not readable"


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
