"""How long something takes on a machine that has nothing else to do."""

import threading
import time
from typing import Self

SPIN_SECONDS = 0.1
"""Of processor time: long enough that others who want it get their turn meanwhile."""
PAUSE_SECONDS = 0.5


class Stopwatch:
    """Runs from `with` to its end, as many times slower as the machine is by what others do on it.

    How much slower that is, is found by wanting a processor now and then: what was waited for, over what was had.
    """

    def __enter__(self) -> Self:
        self._began, self._wanted, self._had = time.monotonic(), 0.0, 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        self.seconds = (time.monotonic() - self._began) * self._had / self._wanted

    def _sample(self) -> None:
        while True:
            began, had = time.monotonic(), time.thread_time()
            while time.thread_time() < had + SPIN_SECONDS:
                pass
            self._wanted += time.monotonic() - began
            self._had += time.thread_time() - had
            if self._ends.wait(PAUSE_SECONDS):
                return
