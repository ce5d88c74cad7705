"""Reading ahead: the next page is fetched and parsed while the last one is being stored."""

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
_END = object()


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def ahead(things: Iterable[T]) -> Iterator[T]:
    """The same things, one of which is made in a thread of its own while the caller has the one before.

    What making one raises is raised here, in its turn. A caller that stops early does not wait for the one that is
    being made: the thread ends when that is done.
    """
    made: Queue = Queue(maxsize=1)
    is_over = threading.Event()
    threading.Thread(target=_make, args=(things, made, is_over), daemon=True, name="ahead").start()
    try:
        while (thing := made.get()) is not _END:
            if isinstance(thing, _Failed):
                raise thing.error
            yield thing
    finally:
        is_over.set()
        _empty(made)


def _make(things: Iterable[T], made: Queue, is_over: threading.Event) -> None:
    """What this thread asks of the database goes over a connection of its own, which is closed here."""
    try:
        for thing in things:
            made.put(thing)
            if is_over.is_set():
                return
        made.put(_END)
    except BaseException as error:  # noqa: BLE001  whatever it is, the caller raises it
        made.put(_Failed(error))
    finally:
        connections.close_all()


def _empty(made: Queue) -> None:
    """Let a thread go that waits to hand over what nobody wants any more."""
    while True:
        try:
            made.get_nowait()
        except Empty:
            return
