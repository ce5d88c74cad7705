"""What the doctor says. The sentences for a cause come from `vbr.causes`; here is what the test itself can add."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from replicas_app.choices import TrustMode
from replicas_app.doctor import network
from replicas_app.doctor.report import FAILED, OPEN, PASSED, WARNED, Step
from replicas_app.models import BackupServer
from replicas_app.times import duration_words
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


def doors(address: Address, found: network.Doors) -> Step:
    """Whether the address's own port is open; the other ports of backup servers are told either way."""
    own = found[address.port]
    beside = [f"{port} {door(taken)}" for port, taken in found.items() if port != address.port]
    if isinstance(own, network.Fault):
        return replace(network_failure(own, port_hint(address, found)), detail=", ".join([door(own), *beside]))
    return Step(PASSED, ", ".join([f"after {own * 1000:.0f} ms", *beside]))


def door(taken: float | network.Fault) -> str:
    return IN_SHORT[taken.cause] if isinstance(taken, network.Fault) else "open"


def port_hint(address: Address, found: network.Doors) -> str:
    """Names another port of backup servers that is open."""
    opened = (port for port, taken in found.items() if port != address.port and isinstance(taken, float))
    other = next(opened, None)
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
    ends = shown.not_after
    if server.trust == TrustMode.PIN:
        return _pinned(
            shown, is_ending=ends is not None and ends - now < EXPIRES_SOON, is_over=bool(ends and ends < now)
        )
    if ends and ends - now < EXPIRES_SOON:
        return Step(WARNED, f"trusted, {_until(shown)}", "Renew the certificate on the backup server before that day.")
    return Step(PASSED, f"trusted, {_until(shown)}")


def _pinned(shown: Certificate, *, is_ending: bool, is_over: bool) -> Step:
    if not is_ending:
        return Step(PASSED, f"the pinned one, {_until(shown)}")
    fix = (
        "A pinned certificate is believed whatever its dates. When it is renewed, the new one has to be accepted here."
    )
    dates = f"expired on {shown.not_after:%-d %b %Y}" if is_over else _until(shown)
    return Step(WARNED, f"the pinned one, {dates}", fix)


def revision_not_offered(chosen: str, offered: Sequence[str]) -> Step:
    return failure(Denied("version", tried=[chosen], offered=offered), "Set the API revision to Automatic to find it.")


def total(count: int | None, noun: str) -> Step:
    if count is None:
        return Step(PASSED, "the server does not say how many")
    return Step(PASSED, f"{count:,} {noun}{'' if count == 1 else 's'}")


def no_server_info() -> Step:
    fix = "Only a Veeam Backup Administrator may. Without it the build number stays unknown; nothing else is missing."
    return Step(WARNED, IN_SHORT["role"], fix, "role")


def no_rescan() -> Step:
    fix = f"Whoever may not read replicas may not rescan them either. {explain('role').fix}"
    return Step(FAILED, f"{IN_SHORT['role']}; not tried", fix, "role")


def rescan_not_known() -> Step:
    fix = (
        "A test starts no rescan, and what the account may read does not tell: a Veeam Restore Operator may rescan, "
        "a role of your own needs the right to rescan replicas besides the one to see them. The first rescan tells."
    )
    return Step(OPEN, "not tried", fix)


def no_token() -> Step:
    fix = (
        "Nobody asked for this test, so it sends no password, and the reads have left no token that still counts. "
        "A test by hand tries the password."
    )
    return Step(OPEN, "not tried", fix)


def refused_before(server: BackupServer) -> Step:
    """What the read that failed met already: asking once more would bring the account nearer to its lock."""
    cause = server.last_error_cause
    fix = _joined(
        server.last_error,
        explain(cause).fix,
        "That is what the read was told; it was not tried again, so that the account does not get locked.",
    )
    return Step(FAILED, IN_SHORT[cause], fix, cause)


def skew(seconds: float) -> Step:
    status = WARNED if is_skewed(seconds) else PASSED
    return Step(status, f"{duration_words(timedelta(seconds=abs(seconds)))} apart", skew_consequence(seconds))


def is_skewed(seconds: float | None) -> bool:
    """Whether the two clocks differ by more than what goes unnoticed."""
    return seconds is not None and abs(seconds) > CLOCK_TOLERANCE_SECONDS


def skew_consequence(seconds: float | None) -> str:
    """What comes of it that the clocks differ; empty where they agree or nothing is known."""
    if not is_skewed(seconds):
        return ""
    apart, ahead = duration_words(timedelta(seconds=abs(seconds))), "ahead of" if seconds > 0 else "behind"
    return (
        f"The server's clock is {apart} {ahead} this machine's. Ages and targets are reckoned by the server's own "
        "clock, so they are right all the same; the times that it writes down differ from ours by that much. "
        "Let both follow one time service."
    )


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
