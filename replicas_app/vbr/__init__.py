"""The client of the VBR REST API. Knows HTTP and the API, nothing of Django. Rules: docs/api-client.md."""

from replicas_app.vbr.addresses import Address, BadAddress, parse_address
from replicas_app.vbr.certificates import Certificate, fetch_certificate
from replicas_app.vbr.client import Client
from replicas_app.vbr.deadlines import Deadlines
from replicas_app.vbr.errors import Denied, Malformed, Rejected, Unavailable, Unclear, VbrError
from replicas_app.vbr.keyring import Keyring, MemoryKeyring, Token
from replicas_app.vbr.listings import Broken, Page
from replicas_app.vbr.pace import Pace
from replicas_app.vbr.records import (
    JobStateRecord,
    LogRecord,
    PointRecord,
    ReplicaRecord,
    ServerInfo,
    ServerTime,
    SessionRecord,
    TaskSessionRecord,
)
from replicas_app.vbr.retries import Retries
from replicas_app.vbr.revisions import KNOWN as KNOWN_VERSIONS
from replicas_app.vbr.trust import Trust, fingerprint_of

__all__ = [
    "KNOWN_VERSIONS",
    "Address",
    "BadAddress",
    "Broken",
    "Certificate",
    "Client",
    "Deadlines",
    "Denied",
    "JobStateRecord",
    "Keyring",
    "LogRecord",
    "Malformed",
    "MemoryKeyring",
    "Pace",
    "Page",
    "PointRecord",
    "Rejected",
    "ReplicaRecord",
    "Retries",
    "ServerInfo",
    "ServerTime",
    "SessionRecord",
    "TaskSessionRecord",
    "Token",
    "Trust",
    "Unavailable",
    "Unclear",
    "VbrError",
    "fetch_certificate",
    "fingerprint_of",
    "parse_address",
]
