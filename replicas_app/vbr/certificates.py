"""Looking at the certificate that a server shows, before anything is sent to it: for trust on first use."""

import hashlib
import socket
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from replicas_app.vbr.faults import fault_of
from replicas_app.vbr.trust import fingerprint_of, unchecked_context

CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Certificate:
    """The leaf. What of it cannot be read is empty; the fingerprint is always there."""

    sha256: str
    """Lower-case hexadecimal digits, as `Trust.pin` takes it."""
    subject: str = ""
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    names: tuple[str, ...] = ()
    """Host names and IP addresses that it is for."""
    is_self_signed: bool = False

    @property
    def fingerprint(self) -> str:
        """As Windows and browsers show it: capitals, pairs with colons."""
        return fingerprint_of(self.sha256)


def fetch_certificate(host: str, port: int, *, seconds: float = CONNECT_SECONDS) -> Certificate:
    """What the server shows in its TLS handshake; nothing else is sent. Raises VbrError.

    `host` as in `Address.host`: no brackets. The certificate is not judged: that is what the person is asked for.
    """
    try:
        with (
            socket.create_connection((host, port), timeout=seconds) as plain,
            unchecked_context().wrap_socket(plain, server_hostname=host.partition("%")[0]) as secure,
        ):
            return read_certificate(secure.getpeercert(binary_form=True) or b"")
    except (OSError, UnicodeError) as error:
        fault = fault_of(error, sent=False)
    raise fault


def read_certificate(der: bytes) -> Certificate:
    sha256 = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(
            sha256,
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            names=_names_of(certificate),
            is_self_signed=certificate.issuer == certificate.subject,
        )
    except ValueError:  # TLS took it, the stricter parser does not
        return Certificate(sha256)


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = names.get_values_for_type(x509.DNSName)
    return (*dns, *(str(address) for address in names.get_values_for_type(x509.IPAddress)))
