"""How a GET is asked again: a few times, later each time, never past the whole call's deadline. POSTs never are."""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from replicas_app.vbr.deadlines import Call
from replicas_app.vbr.errors import Malformed, Unavailable, VbrError

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
"""A server whose Retry-After wants more is not asked again by this call, but at its next sync."""


@dataclass(frozen=True)
class Retries:
    times: int = 2
    pause: Callable[[float], object] = threading.Event().wait
    """Waits so many seconds. Where it gives something true (a stop event's `wait`), nothing is asked again."""

    def run(self, send: Callable[[], T], call: Call, *, unless: str = "") -> T:
        """What `send` gives; repeated after a passing fault or an unreadable answer. Raises the last error.

        `unless`: a cause after which the caller knows better than to ask the same again.
        """
        for number in range(self.times):
            try:
                return send()
            except (Unavailable, Malformed) as error:
                seconds = _wait_before(number, error)
                may_wait = seconds <= LONGEST_WAIT_SECONDS and call.has_time_for(seconds)
                if error.cause == unless or not may_wait or self._stopped(seconds, error):
                    raise
        return send()

    def _stopped(self, seconds: float, error: VbrError) -> bool:
        logger.info("asked again in %.1f s after %s (status %s)", seconds, error.cause, error.status)
        return bool(self.pause(seconds))


def _wait_before(number: int, error: VbrError) -> float:
    """Doubling, with half of it left to chance so that many clients do not come back at once; as the server says."""
    wait = FIRST_WAIT_SECONDS * 2**number * random.uniform(0.5, 1.5)  # noqa: S311
    return max(min(wait, LONGEST_WAIT_SECONDS), error.retry_after or 0.0)
