"""Python's own switches, as a sync needs them: its collector of cycles, and how often threads take turns."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS_BETWEEN = 100_000
TURN_SECONDS = 0.0001


@contextmanager
def set_for_a_sync() -> Iterator[None]:
    """Records by the ten thousand make the collector look through all of them again and again, to find nothing.

    That is a quarter of the time that a page takes: 9.6 against 6.8 µs a restore point. And the thread that feeds
    Postgres waits for the one that makes the next page: 5 ms, Python's usual turn, for each piece that Postgres takes.
    Beside a thread that is never idle, COPY takes twice as long then, and a tenth longer at such short turns.
    """
    thresholds, turn = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(OBJECTS_BETWEEN, *thresholds[1:])
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(turn)
