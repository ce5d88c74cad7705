"""Addresses of databases and brokers as people write them.

A password with a sign of its own meaning (`@ / ? # % [ ]`) has to be percent-encoded. One that was not would be read as
a wrong host or a wrong password, so whatever is ambiguous is refused by the variable's name, and no refusal ever
repeats a part of the address.
"""

import re
import ssl
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from dashboard.environment import Misconfigured

DATABASE_SCHEMES = ("postgresql", "postgres")
BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "amqp", "amqps")
CONNECT_SECONDS = 5
NOTICED = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""A database whose machine or network goes without a word is given up after half a minute: the system's own patience is
a quarter of an hour for what is sent, and two hours for an answer. What the address says counts more."""
BROKER_SECONDS = 1.5
"""How long a broker may take to take a connection or a command. A person waits for it, and we try twice."""
_NO_ENCODING = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NO_SIGN_OF_AN_ADDRESS = re.compile(r"[\s#\\\x00-\x1f\x7f]")


def database(url: str, variable: str = "DATABASE_URL") -> dict[str, Any]:
    """Django's description of the database at `url`, which libpq's own parser reads.

    Raises:
        Misconfigured: it is no address of a Postgres, or one that can be read in two ways.
    """
    _insist(url, variable, DATABASE_SCHEMES)
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:  # its text repeats parts of the address
        raise Misconfigured(
            f"{variable} cannot be read as postgresql://USER:PASSWORD@HOST:PORT/NAME; percent-encode what is not"
            " a letter or digit in user and password."
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "") or parts.get("user", "") or "postgres",
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": CONNECT_SECONDS, **NOTICED, **parts},
    }


def broker(url: str, variable: str = "CELERY_BROKER_URL") -> str:
    """The address of a Valkey, Redis or RabbitMQ as Celery takes it; several, with `;` between them, are tried in turn.

    Raises:
        Misconfigured: it is no address of a broker, or one that can be read in two ways.
    """
    brokers = url.split(";")
    for one in brokers:
        _insist(one, variable, BROKER_SCHEMES)
    return ";".join(_with_trust(one) for one in brokers)


def _with_trust(url: str) -> str:
    """The address with the demand that Redis over TLS shows a certificate that we trust: Celery's default is none."""
    if not url.startswith("rediss://") or "ssl_cert_reqs=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=required"


def broker_trust(url: str) -> dict[str, Any] | None:
    """How Celery checks the certificate of a RabbitMQ over TLS; Redis over TLS has it in its address."""
    return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None} if url.startswith("amqps://") else None


def broker_patience(url: str) -> dict[str, Any]:
    """Options of the transport that keep a silent broker from holding up whoever sends to it."""
    if url.startswith("amqp"):
        return {"read_timeout": BROKER_SECONDS, "write_timeout": BROKER_SECONDS, "confirm_publish": True}
    return {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}


def _insist(url: str, variable: str, schemes: tuple[str, ...]) -> None:
    scheme, found, rest = url.partition("://")
    if not found or scheme not in schemes:
        raise Misconfigured(
            f"{variable} must begin with {' or '.join(f'{known}://' for known in schemes)};"
            " if a password in it holds a sign like ; or /, percent-encode it."
        )
    if not _can_be_read_in_one_way(url, rest):
        raise Misconfigured(
            f"{variable} can be read in more than one way: percent-encode the signs in user and password"
            " (@ is %40, / is %2F, # is %23, % is %25, ? is %3F, [ is %5B, space is %20)."
        )


def _can_be_read_in_one_way(url: str, rest: str) -> bool:
    """Whether every sign of its own meaning stands where that meaning is the only one."""
    if _NO_ENCODING.search(url) or _NO_SIGN_OF_AN_ADDRESS.search(url):
        return False
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    if rest.count("@") != authority.count("@") or authority.count("@") > 1:
        return False
    person, _, host = authority.rpartition("@")
    try:
        return not set("[]") & set(person) and urlsplit(f"//{host}").port != 0
    except ValueError:  # a bracket alone, or a port that is none: most likely the middle of a password
        return "," in host  # libpq takes several hosts
