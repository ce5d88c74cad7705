"""One part of the stack as a child process: started, waited for, kept up, stopped."""

import asyncio
import itertools
import os
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from dashboard.stack.command import Command
from dashboard.stack.console import Console
from dashboard.stack.leftovers import Register
from dashboard.stack.output import spawn
from dashboard.stack.refusal import CannotStart

LOOK_AGAIN_SECONDS = 0.05
LOOKS_BEFORE_A_WORD = 300
LAST_WORDS_SECONDS = 1
LAST_WORDS_LINES = 30
PAUSES = (0.5, 1, 2, 4, 8, 15, 30, 30, 30)
"""Seconds before each new start of a part that ends again and again; after the last one we give up."""
STEADY_SECONDS = 60
"""A part that stayed up this long has recovered: its next end counts as the first."""


@dataclass(frozen=True)
class Part:
    """What is run, and how it is treated."""

    name: str
    command: Command
    is_ready: Callable[[int, str], bool] = lambda pid, said: True
    """Given its process and what it has said so far."""
    mend: Callable[[str], str] = lambda said: ""
    """Given what the part said before it failed to come up: mends the cause if it can, and says what it did."""
    stop_signal: signal.Signals = signal.SIGTERM
    may_be_killed: bool = True


class Child:
    """A part, for as long as the launcher lives.

    What it says before it is ready, or after it was asked to end, is shown only if it fails at that: a normal start and
    a normal stop are quiet.
    """

    def __init__(self, part: Part, console: Console, register: Register) -> None:
        self.part = part
        self.console = console
        self.register = register
        self.held_back: deque[str] | None = None
        self.process: asyncio.subprocess.Process | None = None
        self.listener: asyncio.Task[None] | None = None
        self.keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bring the part up, and keep it up from then on.

        Raises:
            CannotStart: it ended before it was ready.
        """
        await self._bring_up()
        self.keeper = asyncio.create_task(self._keep_up())

    async def stop(self, within: float) -> None:
        """Ask the part to end. After `within` seconds it is killed, if it may be."""
        if self.keeper:
            self.keeper.cancel()
        if not self.process:
            return
        self._hold_back()
        with suppress(ProcessLookupError):
            self.process.send_signal(self.part.stop_signal)
        try:
            await asyncio.wait_for(self.process.wait(), within if self.part.may_be_killed else None)
        except TimeoutError:
            self.console.say(f"{self.part.name} has not ended within {within:.0f} s: killing it")
        self._end_what_is_left()
        if await self.process.wait() not in (0, -self.part.stop_signal):
            self._show()

    async def _bring_up(self) -> None:
        try:
            await self._start_and_wait()
        except CannotStart:
            if not (mended := self.part.mend("\n".join(self.held_back))):
                self._show()
                raise
            self.console.say(mended)
            await self._start_and_wait()
        self.held_back = None

    async def _start_and_wait(self) -> None:
        self._hold_back()
        self.process, self.listener = await spawn(self.part.command, self._hear)
        self.register.add(self.part.name, self.process.pid)
        for looks in itertools.count(1):
            if self.process.returncode is not None:
                await asyncio.wait([self.listener], timeout=LAST_WORDS_SECONDS)
                raise CannotStart(f"{self.part.name} ended {how(self.process)} before it was ready.")
            if await asyncio.to_thread(self.part.is_ready, self.process.pid, "\n".join(self.held_back)):
                return
            if looks % LOOKS_BEFORE_A_WORD == 0:
                self.console.say(f"Still waiting for {self.part.name}")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _keep_up(self) -> None:
        """Start the part again whenever it ends. Raises CannotStart when that has become pointless."""
        clock = asyncio.get_running_loop().time
        pauses, began = iter(PAUSES), clock()
        while True:
            await self.process.wait()
            self._end_what_is_left()
            if clock() - began > STEADY_SECONDS:
                pauses = iter(PAUSES)
            if (pause := next(pauses, None)) is None:
                raise CannotStart(f"{self.part.name} ended {len(PAUSES) + 1} times in a row: its lines above say why.")
            self.console.say(f"{self.part.name} ended {how(self.process)}: starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            began = clock()
            with suppress(CannotStart):  # it ended again, which is told above
                await self._bring_up()

    def _hear(self, line: str) -> None:
        if self.held_back is None:
            self.console.line(self.part.name, line)
        else:
            self.held_back.append(line)

    def _hold_back(self) -> None:
        self.held_back = deque(maxlen=LAST_WORDS_LINES)

    def _show(self) -> None:
        for line in self.held_back or ():
            self.console.line(self.part.name, line)
        self.held_back = None

    def _end_what_is_left(self) -> None:
        """End the part's whole family, so that none of it is at work beside the next one."""
        if self.part.may_be_killed:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def how(process: asyncio.subprocess.Process) -> str:
    """How a process ended, in words."""
    code = process.returncode
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
