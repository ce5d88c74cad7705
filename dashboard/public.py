"""What follows from the address that people type."""

import re
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import psutil

from dashboard.environment import Misconfigured

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
SUB_PATH = re.compile(r"(/[\w.~-]+)*/?", re.ASCII)
EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104  what people write when they mean every interface


@dataclass(frozen=True)
class PublicAddress:
    """`PUBLIC_URL`, taken apart."""

    scheme: str
    host: str
    """As it stands in a `Host` header, without the port."""
    origin: str
    path: str
    """The sub-path without a slash at its end; empty where there is none."""

    @classmethod
    def read(cls, url: str) -> "PublicAddress":
        """Raises Misconfigured where `url` is not an address that can stand in a browser."""
        try:
            parts = urlsplit(url)
            host = parts.hostname and parts.netloc.removesuffix(f":{parts.port}")
        except ValueError:
            host = None
        is_plain = host and "@" not in host and not parts.query and not parts.fragment
        if not is_plain or parts.scheme not in {"http", "https"} or not SUB_PATH.fullmatch(parts.path):
            raise Misconfigured("PUBLIC_URL must be the address that people type, such as https://dash.example.com/dr.")
        return cls(parts.scheme, host.lower(), f"{parts.scheme}://{parts.netloc.lower()}", parts.path.rstrip("/"))

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"


def own_hosts(listening: str) -> list[str]:
    """The names by which this machine can be called, if we listen at `listening`."""
    if listening not in EVERYWHERE:
        return [*LOOPBACK, f"[{listening}]" if ":" in listening else listening]
    found = [address.address for card in psutil.net_if_addrs().values() for address in card]
    numbers = [f"[{one.partition('%')[0]}]" if ":" in one else one for one in found if is_number(one)]
    return [*LOOPBACK, socket.gethostname().lower(), *sorted(set(numbers))]


def is_number(address: str) -> bool:
    """Whether it is an IP address and not a name."""
    try:
        ip_address(address)
    except ValueError:
        return False
    return True
