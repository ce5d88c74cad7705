"""Brings the stack up in order, keeps it up, takes it down in order."""

import asyncio
import json
import socket
import time
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings

from dashboard import environment, keys, running
from dashboard.stack import demo, folder, leftovers, parts
from dashboard.stack.child import Child, Part
from dashboard.stack.console import Console
from dashboard.stack.demo import DemoServer
from dashboard.stack.door import open_door
from dashboard.stack.leftovers import Register
from dashboard.stack.ours import python
from dashboard.stack.output import carry_out
from dashboard.stack.postgres import Postgres
from dashboard.stack.refusal import CannotStart
from dashboard.stack.valkey import Valkey

FRONT_SECONDS = 5
"""How long web and beat may take to end before the workers are asked to."""
LONGEST_SECONDS = 10
"""How long web, beat and workers may take to end, from the moment when the stack begins to stop."""


class Launcher:
    """The stack on the data folder `data`. `held` gets what is given back at the end: the door, the socket folder."""

    def __init__(self, data: Path, console: Console, held: ExitStack) -> None:
        self.data = data
        self.console = console
        self.held = held
        self.register = Register(data / "processes.json")
        self.children: dict[str, Child] = {}
        self.demo: list[DemoServer] = []
        self.facts: dict[str, Any] = {}
        self.door: socket.socket

    async def bring_up(self) -> None:
        """Start everything, in order.

        Raises:
            CannotStart: a part does not come up.
        """
        await asyncio.to_thread(self._clear_up)
        self.door = self.held.enter_context(open_door(settings.HOST, settings.PORT))
        await self._start_servers()
        await self._prepare()
        await self._start_demo()
        work = [part(self.data) for part in (parts.worker, parts.rescans, parts.beat)]
        work.append(parts.web(self.data, self.door))
        await together(*(self._start(part) for part in work))

    async def watch(self) -> None:
        """Wait until a part has ended too often.

        Raises:
            CannotStart: then, and it never returns.
        """
        await asyncio.gather(*(child.keeper for child in self.children.values()))

    async def wind_down(self) -> None:
        """Stop what runs: web and beat, then the workers, then all that they stood on. Postgres is never killed."""
        began = time.monotonic()
        front = asyncio.gather(self._stop("web", LONGEST_SECONDS), self._stop("beat", LONGEST_SECONDS))
        await asyncio.wait([front], timeout=FRONT_SECONDS)
        left = LONGEST_SECONDS - (time.monotonic() - began)
        await asyncio.gather(self._stop("worker", left), self._stop("rescans", left))
        await front
        await asyncio.gather(*(self._stop(server.name, FRONT_SECONDS) for server in self.demo))
        await self._stop("valkey", LONGEST_SECONDS)
        await self._stop("postgres", LONGEST_SECONDS)

    def _clear_up(self) -> None:
        self.register.end_all_of_the_last_run(self.console.say)
        leftovers.end_postgres(self.data / "postgres", self.console.say)
        running.forget(self.data)

    async def _start_servers(self) -> None:
        """Start those of Postgres and Valkey that are not given by an address, and tell everybody where they are."""
        run = folder.socket_folder(self.data, self.held)
        addresses, servers = {}, []
        if not environment.text("DATABASE_URL"):
            password = keys.kept(self.data / "postgres-password", keys.new_password, "DATABASE_URL")
            postgres = Postgres(self.data / "postgres", run, password)
            await asyncio.to_thread(postgres.prepare)
            servers.append(parts.postgres(postgres))
            addresses["DATABASE_URL"] = postgres.url
        if not environment.text("CELERY_BROKER_URL"):
            valkey = Valkey(self.data / "valkey", run)
            valkey.prepare()
            servers.append(parts.valkey(valkey))
            addresses["CELERY_BROKER_URL"] = valkey.url
        await together(*(self._start(server) for server in servers))
        running.tell(self.data, addresses)
        self.held.callback(running.forget, self.data)

    async def _prepare(self) -> None:
        """Migrations, static files, the first login; and demo servers whose port had to change, under their new one."""
        candidates = demo.servers(self.data) if settings.DEMO else []
        moves = [word for one in candidates for old in one.addresses[:-1] for word in ("--moved", old, one.address)]
        answer = await carry_out(python(self.data, "manage.py", "prepare", "--json", *moves), self._hear_setup)
        self.facts = json.loads(answer)
        known = set(self.facts["servers"])
        self.demo = [one for one in candidates if one.address in known or not one.was_connected]

    async def _start_demo(self) -> None:
        await together(*(self._start(server.part()) for server in self.demo))
        known = set(self.facts["servers"])
        await together(*(self._connect(server) for server in self.demo if server.address not in known))
        for server in self.demo:
            server.remember_that_it_is_connected()

    async def _connect(self, server: DemoServer) -> None:
        try:
            await carry_out(server.connecting(), lambda line: None)
        except CannotStart as problem:
            self.console.say(f"{server.name} could not be connected: {problem}")

    async def _start(self, part: Part) -> None:
        child = self.children[part.name] = Child(part, self.console, self.register)
        await child.start()

    async def _stop(self, name: str, within: float) -> None:
        if child := self.children.get(name):
            await child.stop(within)

    def _hear_setup(self, line: str) -> None:
        self.console.line("setup", line)


async def together(*steps: Coroutine[Any, Any, None]) -> None:
    """Take the steps at the same time. The first that cannot be taken ends the others, and is what is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except ExceptionGroup as problems:
        raise problems.exceptions[0] from None
