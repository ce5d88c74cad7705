"""Python's collector of cycles, told that a sync makes none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS_BETWEEN = 100_000


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Records by the ten thousand make the collector look through all of them again and again, to find nothing.

    That is a quarter of the time that a page takes: 9.6 against 6.8 µs a restore point.
    """
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
