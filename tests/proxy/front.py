"""A reverse proxy that ends TLS, as an operator puts one in front: small, and no more polite than it must be."""

import asyncio
import re
import threading
from dataclasses import dataclass, field

from replicas_app.simulator.certificate import Certificate

HEAD_ENDS = b"\r\n\r\n"
NOTHING_THERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Front:
    """`https://localhost:port` + `path` leads to `behind`; everything beside `path` is somebody else's."""

    certificate: Certificate
    path: str = ""
    cuts: bool = False
    """Whether it cuts `path` off (nginx: `proxy_pass http://…/;`), or passes it on (nginx: `proxy_pass http://…;`)."""
    told: dict[str, str] = field(default_factory=dict)
    """Headers that it sets on every request; by default `Host` goes on as it came."""
    adds: dict[str, str] = field(default_factory=dict)
    """Headers that it adds to every answer."""
    behind: tuple[str, int] = ("127.0.0.1", 9)
    strayed: list[str] = field(default_factory=list)
    """What was asked for beside `path`."""

    def __enter__(self) -> "Front":
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.certificate.context())
        self.server = asyncio.run_coroutine_threadsafe(listening, self.loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.server.sockets[0].getsockname()[1]}"

    @property
    def url(self) -> str:
        return self.origin + self.path

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(HEAD_ENDS)
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1])) if length else b""
            writer.write(await self._answer(head.decode("latin-1"), body))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return  # the browser went away
        finally:
            writer.close()

    async def _answer(self, head: str, body: bytes) -> bytes:
        """One request is one connection on both sides."""
        method, target, rest = head.split(" ", 2)
        if not re.match(rf"{self.path}(?=[/?]|$)", target):
            self.strayed.append(target)
            return NOTHING_THERE
        if self.cuts:
            target = target.removeprefix(self.path) or "/"
        rest = _with_headers(rest, self.told | {"Connection": "close"})
        reader, writer = await asyncio.open_connection(*self.behind)
        writer.write(f"{method} {target} {rest}".encode("latin-1") + body)
        head, _, body = (await reader.read()).partition(HEAD_ENDS)
        writer.close()
        return _with_headers(head.decode("latin-1") + "\r\n\r\n", self.adds).encode("latin-1") + body

    async def _close(self) -> None:
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _with_headers(head: str, headers: dict[str, str]) -> str:
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    names = {name.lower() for name in headers}
    kept = [line for line in lines if line.partition(":")[0].lower() not in names]
    return "\r\n".join([first, *kept, *(f"{name}: {value}" for name, value in headers.items())]) + "\r\n\r\n"
