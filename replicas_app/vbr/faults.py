"""Why no answer came: the exceptions of requests, urllib3, ssl and the sockets, told apart.

They nest in each other in many ways and hold the request (with the password in its body), so what is told leaves here
as words, and the exception itself stays behind.
"""

import errno
import http.client
import re
import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions

from replicas_app.vbr.answers import trimmed
from replicas_app.vbr.errors import Denied, Malformed, Unavailable, VbrError

EXPIRED_CODES = (9, 10)
"""OpenSSL's verify codes: not yet valid, expired."""
NAME_CODES = (62, 63, 64)
"""Host, e-mail and IP address mismatch."""

_NOT_TLS_REASONS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "UNKNOWN_PROTOCOL",
    "RECORD_LAYER",
)
_NO_ROUTE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL)
_FINGERPRINTS = re.compile(r'Expected "([0-9a-f]+)", got "([0-9a-f]+)"')


def fault_of(error: BaseException, *, sent: bool, through: str = "") -> VbrError:
    """The error for an exception that came instead of an answer. `through` names the proxy that was used."""
    found = list(_nested(error))
    if _first(found, requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return Unavailable("between", f"{through}: {_words(found)}".removesuffix(": "), sent=sent)
    for judge in (_tls_fault, _network_fault, _answer_fault):
        if fault := judge(found, sent):
            fault.sent = sent
            return fault
    if sent:
        return Unavailable("reset", _words(found))
    return Unavailable("unreachable", _words(found), sent=False)


def _nested(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that are in it, from the outside in, each once."""
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        waiting.extend(part for part in inner if isinstance(part, BaseException))


def _tls_fault(found: list[BaseException], sent: bool) -> VbrError | None:
    """Only before anything was sent: a TLS error after that is a connection that broke off."""
    if sent:
        return None
    if prints := next(filter(None, (_FINGERPRINTS.search(str(one)) for one in found)), None):
        return Denied("tls_changed", pinned=prints.group(1), shown=prints.group(2))
    if refused := _first(found, ssl.SSLCertVerificationError):
        return Denied(_certificate_cause(refused.verify_code), trimmed(refused.verify_message))
    if error := _first(found, ssl.SSLError):
        return _handshake_fault(error)
    if _first(found, urllib3.exceptions.SSLError):
        return Denied("tls_other", _words(found))
    return None


def _certificate_cause(verify_code: int) -> str:
    if verify_code in EXPIRED_CODES:
        return "tls_expired"
    return "tls_name" if verify_code in NAME_CODES else "tls_untrusted"


def _handshake_fault(error: ssl.SSLError) -> VbrError:
    reason = error.reason or ""
    if any(word in reason for word in _NOT_TLS_REASONS):
        return Denied("not_tls")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Unavailable("reset", "the server hung up while the secure connection was made")
    return Denied("tls_other", trimmed(reason.replace("_", " ").lower()))


def _network_fault(found: list[BaseException], sent: bool) -> VbrError | None:
    if error := _first(found, socket.gaierror, UnicodeError):
        return Unavailable("dns", trimmed(getattr(error, "strerror", "") or ""))
    if _first(found, ConnectionRefusedError):
        return Unavailable("refused")
    if _first(found, TimeoutError, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        return Unavailable("timeout", "its answer was not complete" if sent else "no connection came about")
    if _first(found, ConnectionResetError, ConnectionAbortedError, BrokenPipeError):
        return Unavailable("reset", _words(found))
    if any(getattr(one, "errno", None) in _NO_ROUTE for one in found):
        return Unavailable("unreachable", _words(found))
    return None


def _answer_fault(found: list[BaseException], sent: bool) -> VbrError | None:
    """Something came, but no answer by HTTP, or one that cannot be unpacked."""
    if _first(found, http.client.RemoteDisconnected, http.client.IncompleteRead, urllib3.exceptions.IncompleteRead):
        return Unavailable("reset", "the server hung up before its answer was complete")
    if _first(found, http.client.BadStatusLine, http.client.UnknownProtocol, http.client.LineTooLong):
        return Denied("port", "what answers does not speak HTTP")
    if _first(found, urllib3.exceptions.DecodeError, urllib3.exceptions.InvalidChunkLength, http.client.HTTPException):
        return Malformed("answer", "it is damaged on its way or packed in a way that nobody announced")
    return None


def _first(found: list[BaseException], *kinds: type[BaseException]) -> BaseException | None:
    return next((one for one in found if isinstance(one, kinds)), None)


def _words(found: list[BaseException]) -> str:
    """The system's own words: of the innermost OSError, not of the libraries, which spell out objects in memory."""
    told = (
        one for one in reversed(found) if isinstance(one, OSError) and not isinstance(one, requests.RequestException)
    )
    return next((words for one in told if (words := trimmed(one.strerror or _text_in(one)))), "")


def _text_in(error: BaseException) -> str:
    return next((part for part in error.args if isinstance(part, str)), "")
