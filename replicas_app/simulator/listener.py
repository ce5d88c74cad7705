"""The wire: HTTP/1.1 over TLS or plain, one thread per connection, and the manners that faults ask for."""

import logging
import socket
import ssl
import struct
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .exchange import Answer, Request

logger = logging.getLogger(__name__)

IDLE_SECONDS = 120
HANDSHAKE_SECONDS = 10
LONGEST_BODY = 32_000_000


class Handler(BaseHTTPRequestHandler):
    """Reads a request, has it answered, sends the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: "Listener"

    def respond(self) -> None:
        request = self._request()
        if request is None:
            return
        answer = self.server.answer(request, f"{self.server.scheme}://{self.headers.get('Host', '')}{self.path}")
        if answer.delay_seconds:
            self.server.stopping.wait(answer.delay_seconds)
        if answer.reset:
            self._cut(reset=True)
        else:
            self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = respond

    def _request(self) -> Request | None:
        """None for one that cannot be read: that is answered here."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            return self._refuse(HTTPStatus.LENGTH_REQUIRED)
        if int(length) > LONGEST_BODY:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        url = urlsplit(self.path)
        return Request(
            method=self.command,
            path=unquote(url.path),
            query=parse_qs(url.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._send(Answer(int(status), b""))

    def _send(self, answer: Answer) -> None:
        whole = answer.cut_at is None and not answer.drip_seconds
        body = b"" if self.command == "HEAD" else answer.body
        if whole:
            self.wfile.write(self._head(answer) + body)
            return
        self.wfile.write(self._head(answer))
        self._send_slowly(answer)
        if answer.cut_at is not None:
            self._cut(reset=False)

    def _send_slowly(self, answer: Answer) -> None:
        body = answer.body[: answer.cut_at]
        if not answer.drip_seconds:
            self.wfile.write(body)
            return
        for first in range(0, len(body), answer.drip_bytes):
            self.wfile.write(body[first : first + answer.drip_bytes])
            if self.server.stopping.wait(answer.drip_seconds):
                return

    def _head(self, answer: Answer) -> bytes:
        phrase = HTTPStatus(answer.status).phrase if answer.status in iter(HTTPStatus) else ""
        headers = {
            "Server": "VBR simulator",
            "Date": self.date_time_string(),
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
        }
        if self.close_connection:
            headers["Connection"] = "close"
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers | answer.headers).items())
        return f"HTTP/1.1 {answer.status} {phrase}\r\n{lines}\r\n".encode("latin-1", "replace")

    def _cut(self, *, reset: bool) -> None:
        """Ends the connection in the middle: politely, or with a reset."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)


class Listener(ThreadingHTTPServer):
    """Listens on `host` and `port` (0: a free one). `answer` makes the answer to a request."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int, answer: Callable[[Request, str], Answer]) -> None:
        self.answer = answer
        self.tls: ssl.SSLContext | None = None
        self.stopping = Event()
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self.address_family = _family(host, port)
        super().__init__((host, port), Handler)

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def port(self) -> int:
        return self.server_address[1]

    def server_bind(self) -> None:
        """Without the name look-up of HTTPServer, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The handshake takes place here, in the connection's own thread."""
        try:
            connection = self._secured(request)
        except OSError as error:
            logger.debug("No TLS with %s: %s", client_address, error)
            self.shutdown_request(request)
            return
        with self._lock:
            self._open.add(connection)
        try:
            super().process_request_thread(connection, client_address)
        finally:
            with self._lock:
                self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("The connection with %s broke off", client_address, exc_info=True)

    def stop(self) -> None:
        """Stop at once: listening, and every connection that is open."""
        self.stopping.set()
        _end(self.socket)  # wakes the thread that waits for connections, which would look up only a moment later
        self.shutdown()
        self.server_close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            _end(connection)

    def _secured(self, request: socket.socket) -> socket.socket:
        if self.tls is None:
            return request
        request.settimeout(HANDSHAKE_SECONDS)
        return self.tls.wrap_socket(request, server_side=True)


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        logger.debug("A connection had ended already: %s", error)
