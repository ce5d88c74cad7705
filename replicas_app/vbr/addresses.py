"""Addresses as people type them, taken in one normal form or refused in words.

The rules stand in docs/api-client.md. The most important one: never another port than the typed one.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import quote

import idna

DEFAULT_PORT = 9419
ENTERPRISE_MANAGER_PORTS = (9398, 9399)

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_ZONE = re.compile(r"[A-Za-z0-9._~-]+")
_NOT_OURS = re.compile(r"/(swagger(/.*)?|api(/(v\d|oauth2).*)?)$", re.IGNORECASE)
_UNUSABLE = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONE_PERCENT = re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE)
_PATH_SAFE = "/%:!$&'()*+,;=~"
_LONGEST_NAME = 253


class BadAddress(ValueError):
    """What is typed is not an address that we connect to; the message is the sentence for the person."""


@dataclass(frozen=True)
class Address:
    """Where a backup server answers. Two spellings of one address are equal."""

    scheme: str
    host: str
    """Lower case, ASCII, without brackets; an IPv6 zone stands behind `%`."""
    port: int
    path: str = ""
    """The base path behind which a proxy publishes the server: empty, or with a slash in front and none at its end."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was assumed or left off, in sentences that may stand below the field."""

    def __str__(self) -> str:
        return self.url

    @property
    def url(self) -> str:
        """The normal form: `https://host:9419/base`, no slash at the end."""
        return f"{self.scheme}://{self.host_in_url}:{self.port}{self.path}"

    @property
    def host_in_url(self) -> str:
        """IPv6 in brackets, its zone behind `%25`."""
        return f"[{self.host.replace('%', '%25')}]" if ":" in self.host else self.host


def parse_address(text: str) -> Address:
    """The address that is meant by what a person typed or pasted. Raises BadAddress."""
    text = text.strip()
    if not text:
        raise BadAddress("Type the server's address, for example https://vbr01.example.com:9419.")
    if _UNUSABLE.search(text):
        raise BadAddress("An address has no spaces, line breaks or backslashes in it.")
    if "@" in text:
        raise BadAddress("An address has no user name or password in it: they have fields of their own.")
    scheme, rest = _split_scheme(text)
    place, slash, tail = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    host, port_text = _split_port(place)
    host = _normal_host(host)
    if scheme == "http" and not _is_loopback(host):
        raise BadAddress("A backup server speaks HTTPS only: type https:// or leave it away.")
    port, port_notes = _normal_port(port_text)
    path, path_notes = _normal_path(slash + tail)
    return Address(scheme, host, port, path, port_notes + path_notes)


def _split_scheme(text: str) -> tuple[str, str]:
    match = _SCHEME.match(text)
    if match is None:
        return "https", text
    scheme = match.group(1).lower()
    if scheme not in ("https", "http"):
        raise BadAddress(f"An address begins with https://, not with {scheme}://.")
    return scheme, text[match.end() :]


def _split_port(place: str) -> tuple[str, str | None]:
    """Host and port as typed; an IPv6 host keeps its brackets."""
    bracketed = _BRACKETED.fullmatch(place)
    if bracketed is not None:
        return f"[{bracketed.group(1)}]", bracketed.group(2)
    if "[" in place or "]" in place:
        raise BadAddress("The brackets of an IPv6 address stand around it: [fd00::1]:9419.")
    if place.count(":") > 1:
        raise BadAddress(
            "An IPv6 address stands in brackets, so that its end and the port can be told apart: [::1]:9419."
        )
    host, colon, port = place.partition(":")
    return host, port if colon else None


def _normal_host(host: str) -> str:
    if not host:
        raise BadAddress("The host is missing from the address.")
    if host.startswith("["):
        return _normal_ipv6(host[1:-1])
    if not host.isascii():
        host = _to_ascii(host)
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddress("This is not a host name: it may hold letters, digits, hyphens and dots.")
    return _normal_ipv4(host) if labels[-1].isdigit() or labels[-1].startswith("0x") else host


def _to_ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:  # idna.IDNAError is one
        raise BadAddress("This host name has characters that no host name can have.") from None


def _normal_ipv4(host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise BadAddress("An IPv4 address has four numbers from 0 to 255, without zeros in front: 10.0.0.5.") from None


def _normal_ipv6(text: str) -> str:
    """Compressed and lower case; one that only wraps an IPv4 address is that address."""
    number, percent, zone = text.partition("%")
    zone = zone.removeprefix("25")
    if percent and not _ZONE.fullmatch(zone):
        raise BadAddress("The zone of an IPv6 address is an interface's name behind %25: [fe80::1%25eth0].")
    try:
        address = ipaddress.IPv6Address(number)
    except ValueError:
        raise BadAddress("What stands in the brackets is not an IPv6 address.") from None
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{address}%{zone}" if zone else str(address)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _normal_port(text: str | None) -> tuple[int, tuple[str, ...]]:
    if text is None:
        note = f"No port was typed: {DEFAULT_PORT} is used. A server that answers on 443 needs :443 typed."
        return DEFAULT_PORT, (note,)
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise BadAddress("A port is a number from 1 to 65535.")
    if int(text) in ENTERPRISE_MANAGER_PORTS:
        raise BadAddress(
            f"{int(text)} is the port of Enterprise Manager, another product. "
            f"The REST API of a backup server is at {DEFAULT_PORT}."
        )
    return int(text), ()


def _normal_path(typed: str) -> tuple[str, tuple[str, ...]]:
    path = _NOT_OURS.sub("", typed).rstrip("/")
    if any(part in ("", ".", "..") for part in path.split("/")[1:]):
        raise BadAddress("The path of the address has empty parts or dots in it.")
    left_off = typed.rstrip("/")[len(path) :]
    notes = (f"{left_off} was left off: it belongs to a page of the server.",) if left_off else ()
    return quote(_LONE_PERCENT.sub("%25", path), safe=_PATH_SAFE), notes
