"""Waiting in tests: for a condition, with a deadline, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(is_so: Callable[[], T], seconds: float = 30) -> T:
    """What `is_so` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (given := is_so()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
    return given
