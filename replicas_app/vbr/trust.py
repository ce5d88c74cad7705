"""Whom we believe to be the backup server: a choice per server."""

import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

_SEPARATORS = re.compile(r"[\s:-]")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1_LENGTH = 40
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----")


def fingerprint_of(sha256: str) -> str:
    """As Windows and browsers show it: capitals, pairs with colons."""
    digits = sha256.upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


class Mode(StrEnum):
    SYSTEM = "system"
    BUNDLE = "bundle"
    PIN = "pin"
    OFF = "off"


@dataclass(frozen=True)
class Trust:
    """How a server's certificate is judged. Made by `system`, `bundle`, `pin` or `off`."""

    mode: Mode
    pem: str = field(default="", repr=False)
    sha256: str = ""
    """Pinned: lower-case hexadecimal digits without separators."""

    @classmethod
    def system(cls) -> Self:
        """By the certificate authorities of the machine that we run on, not by a list that a package brings."""
        return cls(Mode.SYSTEM)

    @classmethod
    def bundle(cls, pem: str) -> Self:
        """By the certificates in the text and by no others. Raises ValueError when there is none that can be read."""
        certificates = _CERTIFICATE.findall(pem)
        if not certificates:
            raise ValueError("The bundle holds no certificate in PEM form.")
        trust = cls(Mode.BUNDLE, pem="\n".join(certificates))
        try:
            trust.context.get_ca_certs()
        except ssl.SSLError as error:
            raise ValueError("The bundle holds no certificate that can be read.") from error
        return trust

    @classmethod
    def pin(cls, sha256: str) -> Self:
        """By the SHA-256 of the server's own certificate: self-signed, expired or for another name, it is that one.

        Colons, hyphens, spaces and capitals do not matter. Raises ValueError for what is no SHA-256.
        """
        digits = _SEPARATORS.sub("", sha256).lower()
        if len(digits) == _SHA1_LENGTH:
            raise ValueError("This is a SHA-1 thumbprint (40 digits): the SHA-256 fingerprint has 64.")
        if not _SHA256.fullmatch(digits):
            raise ValueError("A SHA-256 fingerprint has 64 hexadecimal digits.")
        return cls(Mode.PIN, sha256=digits)

    @classmethod
    def off(cls) -> Self:
        """Not at all: anybody may stand in between."""
        return cls(Mode.OFF)

    @cached_property
    def context(self) -> ssl.SSLContext:
        if self.mode is Mode.BUNDLE:
            return _checking_context(_context_of(self.pem))
        if self.mode is Mode.SYSTEM:
            return _checking_context(ssl.create_default_context())
        return unchecked_context()

    def pool_options(self) -> dict[str, Any]:
        """The same choice in the words of urllib3's pools."""
        checks = self.mode in (Mode.SYSTEM, Mode.BUNDLE)
        options: dict[str, Any] = {
            "ssl_context": self.context,
            "cert_reqs": "CERT_REQUIRED" if checks else "CERT_NONE",
        }
        if self.mode is Mode.PIN:
            options["assert_fingerprint"] = self.sha256
        if self.mode is Mode.OFF:
            options["assert_hostname"] = False
        return options


def unchecked_context() -> ssl.SSLContext:
    """A TLS client that takes any certificate: for a pin, which is compared afterwards, and to look at one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the system's authorities, which take long to load
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _context_of(pem: str) -> ssl.SSLContext:
    """Not by `create_default_context`, which falls back to the system's authorities when a text is empty."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    return context


def _checking_context(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same judgement on every Python: an intermediate or a leaf may be the anchor, old CAs' omissions pass."""
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
