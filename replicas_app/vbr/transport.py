"""One request to the server and one answer from it: the only place that touches requests."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

import requests
import urllib3
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from replicas_app.vbr.addresses import Address
from replicas_app.vbr.answers import Answer
from replicas_app.vbr.deadlines import POOLS, Call, Deadlines, current_call
from replicas_app.vbr.errors import Malformed
from replicas_app.vbr.faults import fault_of
from replicas_app.vbr.trust import Trust

logger = logging.getLogger(__name__)

LARGEST_BODY_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
"""Trust.off is a choice that the pages show; urllib3 would fill the log with it, once for each connection."""
_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    """Below the address's base path, with a slash in front, percent-encoded."""
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


class Transport:
    """Sends to one address under one trust. Not shared between threads.

    It goes to the server directly: the environment's proxies, .netrc and CA variables are for the internet and do not
    count; a proxy is used only when it is given.
    """

    def __init__(self, address: Address, trust: Trust, *, deadlines: Deadlines, proxy: str = "") -> None:
        self._address = address
        self._deadlines = deadlines
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._through = f"through the proxy {_place_of(proxy)}" if proxy else ""
        self._session = _session(address, trust)

    def close(self) -> None:
        """Closes the connections; a later request opens new ones."""
        self._session.close()

    def call(self, most_seconds: float | None = None) -> Call:
        """A new call with its whole time ahead."""
        total = self._deadlines.total
        return Call(total if most_seconds is None else min(total, most_seconds))

    def send(self, request: Request, call: Call, *, secrets: tuple[str, ...] = ()) -> Answer:
        """The answer, whatever its status. Raises VbrError when none came. Never repeats anything."""
        call.sent_at = None
        token = current_call.set(call)
        try:
            answer = self._exchange(request, call, secrets)
        except _FAULTS as error:
            fault = fault_of(error, sent=call.sent_at is not None, through=self._through)
        else:
            logger.debug("%s %s: %s, %s bytes", request.method, request.path, answer.status, len(answer.body))
            return answer
        finally:
            current_call.reset(token)
        raise fault  # outside of the handler: the exception that it came from holds the request

    def _exchange(self, request: Request, call: Call, secrets: tuple[str, ...]) -> Answer:
        prepared = self._session.prepare_request(
            requests.Request(request.method, self._url(request), headers=dict(request.headers), data=request.body)
        )
        with self._session.send(
            prepared,
            stream=True,
            allow_redirects=False,
            timeout=(min(self._deadlines.connect, call.seconds_left()), self._deadlines.read),
            proxies=self._proxies,
        ) as response:
            body = _body_of(response)
            seconds = time.monotonic() - (call.sent_at or 0)
            midway = datetime.now(UTC) - timedelta(seconds=seconds / 2)
            return Answer(response.status_code, response.headers, body, midway, seconds, secrets)

    def _url(self, request: Request) -> str:
        query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
        return f"{self._address.url}{request.path}{query}"


class _Adapter(HTTPAdapter):
    """requests' adapter with our address, our trust and our deadlines in its pools."""

    def __init__(self, address: Address, trust: Trust) -> None:
        self._place = {"scheme": address.scheme, "host": address.host_in_url, "port": address.port}
        self._trust_options = trust.pool_options() if address.scheme == "https" else {}
        super().__init__()

    def init_poolmanager(self, *args, **kwargs) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs) -> urllib3.ProxyManager:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def build_connection_pool_key_attributes(self, request, verify, cert=None) -> tuple[dict, dict]:
        """Not from the request's URL: requests takes the zone of an IPv6 address for a part of its host."""
        return self._place, self._trust_options

    def cert_verify(self, conn, url, verify, cert) -> None:
        """The pool has its trust already; requests would put its own list of authorities over it."""


def _session(address: Address, trust: Trust) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"Accept": "application/json", "User-Agent": "replicas-dashboard"})
    session.mount(f"{address.scheme}://", _Adapter(address, trust))
    return session


def _body_of(response: requests.Response) -> bytes:
    """Read piece by piece, unpacked, up to the largest size that we hold in memory."""
    pieces, size = [], 0
    while piece := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_BODY_BYTES:
            raise Malformed("answer", f"it is longer than {LARGEST_BODY_BYTES >> 20} MB", status=response.status_code)
    return b"".join(pieces)


def _place_of(proxy: str) -> str:
    """Host and port of a proxy's address, without the password that may stand in front."""
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}").netloc.rpartition("@")[2]
