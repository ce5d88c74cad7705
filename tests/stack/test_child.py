"""One part under supervision: real programs that end, linger and die."""

import asyncio
import io
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psutil
import pytest

from dashboard.stack import child, parts
from dashboard.stack.child import Child, Part
from dashboard.stack.command import Command
from dashboard.stack.console import Console
from dashboard.stack.leftovers import Register
from dashboard.stack.refusal import CannotStart
from dashboard.stack.valkey import Valkey

T = TypeVar("T")


@pytest.fixture
def said():
    return io.StringIO()


@pytest.fixture
def supervise(tmp_path, said):
    """A part that is a line of shell."""

    def supervise(line: str, **options: object) -> Child:
        part = Part("part", Command(("sh", "-c", line)), **options)
        return Child(part, Console(said), Register(tmp_path / "processes.json"))

    return supervise


def outcome_of(life: Coroutine[Any, Any, T]) -> T:
    """What it comes to, in a thread of its own: a browser that tests share leaves an event loop in ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, life).result()


def is_up(pid: int, words: str) -> bool:
    return "up" in words


def test_a_normal_start_and_a_normal_stop_are_quiet(supervise, said):
    part = supervise(
        "echo chatter; echo up; trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done", is_ready=is_up
    )

    async def live() -> None:
        await part.start()
        await part.stop(5)

    outcome_of(live())

    assert said.getvalue() == ""


def test_what_it_says_in_between_is_shown_with_its_name(supervise, said):
    part = supervise("echo up; while sleep 0.1; do echo working; done", is_ready=is_up)

    async def live() -> None:
        await part.start()
        while not said.getvalue():
            await asyncio.sleep(0.02)
        await part.stop(5)

    outcome_of(live())

    assert set(said.getvalue().splitlines()) == {"part      | working"}


def test_a_part_that_ends_before_it_is_ready_is_refused_with_its_last_words(supervise, said):
    part = supervise("echo no luck >&2; exit 3", is_ready=is_up)

    with pytest.raises(CannotStart, match=r"^part ended with status 3 before it was ready\.$"):
        outcome_of(part.start())

    assert said.getvalue() == "part      | no luck\n"


def test_a_part_that_ends_again_and_again_is_given_up_in_words(supervise, said, monkeypatch):
    monkeypatch.setattr(child, "PAUSES", (0.01, 0.02))

    async def live() -> None:
        part = supervise("exit 4")
        await part.start()
        await part.keeper

    with pytest.raises(CannotStart, match=r"^part ended 3 times in a row: its lines above say why\.$"):
        outcome_of(live())

    assert said.getvalue() == (
        "stack     | part ended with status 4: starting it again in 0.01 s\n"
        "stack     | part ended with status 4: starting it again in 0.02 s\n"
    )


def test_a_part_that_does_not_end_when_asked_is_killed_with_its_family(supervise, said):
    part = supervise("trap '' TERM; sleep 60 & echo up; while :; do wait; done", is_ready=is_up)

    async def live() -> list[psutil.Process]:
        await part.start()
        family = psutil.Process(part.process.pid).children()
        await part.stop(0.2)
        return family

    family = outcome_of(live())

    assert len(family) == 1
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert said.getvalue() == "stack     | part has not ended within 0 s: killing it\n"


def test_a_damaged_queue_is_moved_aside_with_a_word(tmp_path, said):
    valkey = Valkey(tmp_path / "valkey", tmp_path)
    valkey.prepare()
    (valkey.data / "appendonlydir").mkdir()
    (valkey.data / "appendonlydir" / "appendonly.aof.manifest").write_text(
        "file appendonly.aof.1.incr.aof seq 1 type i\n"
    )
    (valkey.data / "appendonlydir" / "appendonly.aof.1.incr.aof").write_bytes(b"*3\r\n$3\r\nSET\r\ngarbage" * 9)

    async def live() -> bool:
        part = Child(parts.valkey(valkey), Console(said), Register(tmp_path / "processes.json"))
        await part.start()
        ready = valkey.is_ready()
        await part.stop(5)
        return ready

    assert outcome_of(live())
    assert said.getvalue().startswith("stack     | The queue's file was damaged and lies in ")
    assert len(list(valkey.data.glob("appendonlydir.damaged-*/*.incr.aof"))) == 1


def test_the_pipe_of_a_grandchild_does_not_hide_that_the_child_has_ended(supervise, said, monkeypatch):
    monkeypatch.setattr(child, "PAUSES", ())

    async def live() -> None:
        part = supervise("sleep 60 & exit 5")
        await part.start()
        await asyncio.wait_for(asyncio.shield(part.keeper), 5)

    with pytest.raises(CannotStart):
        outcome_of(live())
