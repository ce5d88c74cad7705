"""Programs and what they say, line by line."""

import asyncio
import os
from collections.abc import Callable

from dashboard.stack.command import Command
from dashboard.stack.refusal import CannotStart

LONGEST_LINE = 1_000_000


async def spawn(command: Command, hear: Callable[[str], None]) -> tuple[asyncio.subprocess.Process, asyncio.Task[None]]:
    """Start a program in a session of its own, and a task that passes each line it says to `hear`.

    The pipe is ours, not asyncio's: a grandchild that holds it open must not hide that the child has ended.
    """
    ours, theirs = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command.arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            **command.options,
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return process, asyncio.create_task(_listen(ours, hear))


async def carry_out(command: Command, hear: Callable[[str], None]) -> str:
    """Run a command to its end; what it wrote to standard output. What it says on standard error goes to `hear`.

    Raises:
        CannotStart: it failed; the text is the last thing it said.
    """
    process = await asyncio.create_subprocess_exec(
        *command.arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        **command.options,
    )
    last = ""
    try:
        answer = asyncio.create_task(process.stdout.read())
        while line := await _line(process.stderr):
            if last:
                hear(last)
            last = line.decode(errors="replace").strip().removeprefix("CommandError: ")
        if await process.wait():
            raise CannotStart(last or f"{command.arguments[1]} ended with status {process.returncode}.")
        if last:
            hear(last)
        return (await answer).decode()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise


async def _listen(pipe: int, hear: Callable[[str], None]) -> None:
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    with os.fdopen(pipe, "rb") as file:
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
        while line := await _line(reader):
            hear(line.decode(errors="replace").rstrip())


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError:  # longer than a line may be: asyncio has dropped it
        return b"(a line too long to show)\n"
