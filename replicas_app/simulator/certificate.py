"""A self-signed certificate, as every backup server has one by default."""

import hashlib
import ipaddress
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_USAGE = ("digital_signature", "key_cert_sign", "crl_sign")
_NO_USAGE = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")


@dataclass(frozen=True, slots=True)
class Certificate:
    """As PEM texts. Do not print the key."""

    certificate: str
    key: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in lower-case hexadecimal digits."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate)).hexdigest()

    def context(self) -> ssl.SSLContext:
        """For a server. OpenSSL wants files: they exist for as long as it reads them."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            chain, key = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
            _write(chain, self.certificate)
            _write(key, self.key)
            context.load_cert_chain(chain, key)
        return context


def new_certificate(name: str, host: str, days: float) -> Certificate:
    """For `name`, `host`, localhost and the loopback addresses; `days` below 0: expired since so many."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64] or "vbr")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + timedelta(days=days)) - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(_names(name, host)), critical=False)
    )
    for extension, critical in _extensions(key.public_key()):
        builder = builder.add_extension(extension, critical=critical)
    return _as_pem(builder.sign(key, hashes.SHA256()), key)


def kept_certificate(folder: Path, name: str, host: str, days: float) -> Certificate:
    """The one in `folder`, which is made there at first."""
    chain, key = folder / "certificate.pem", folder / "key.pem"
    if chain.exists() and key.exists():
        return Certificate(chain.read_text(), key.read_text())
    made = new_certificate(name, host, days)
    _write(key, made.key)
    _write(chain, made.certificate)
    return made


def _names(name: str, host: str) -> list[x509.GeneralName]:
    names = [x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(ip)) for ip in ("127.0.0.1", "::1"))]
    for other in dict.fromkeys((name, host)):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(other.partition("%")[0])))
        except ValueError:
            if other.isascii() and " " not in other and other:
                names.append(x509.DNSName(other))
    return list(dict.fromkeys(names))


def _extensions(public: ec.EllipticCurvePublicKey) -> list[tuple[x509.ExtensionType, bool]]:
    """What a strict client wants to see in a certificate that vouches for itself."""
    usage = dict.fromkeys(_USAGE, True) | dict.fromkeys((*_NO_USAGE, "decipher_only"), False)
    return [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (x509.KeyUsage(**usage), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False),
    ]


def _as_pem(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Certificate:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Certificate(certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


def _write(path: Path, text: str) -> None:
    """Whole or not at all, for our own eyes."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
