"""How far a read is, on one line of a terminal that is written anew. Where there is no terminal, nothing."""

from threading import Event, Thread
from typing import Self

from django.core.management.base import OutputWrapper
from django.db import connection

from replicas_app.models import SyncRun

LOOK_SECONDS = 0.3
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """A thread of its own looks at the run's row, as every page does. `with Progress(stderr, "vbr-oslo", run.pk):`"""

    def __init__(self, terminal: OutputWrapper, name: str, run_id: int) -> None:
        self._terminal = terminal
        self._name = name
        self._run_id = run_id
        self._ended = Event()
        self._thread = Thread(target=self._show, daemon=True) if terminal.isatty() else None

    def __enter__(self) -> Self:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()

    def _show(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            run = SyncRun.objects.filter(pk=self._run_id).first()
            self._terminal.write(CLEAR_LINE + self._words(run), ending="")
            self._terminal.flush()
        self._terminal.write(CLEAR_LINE, ending="")
        connection.close()

    def _words(self, run: SyncRun | None) -> str:
        if run is None:
            return ""
        counted = f" {run.rows_read:,} of {run.rows_expected:,}" if run.rows_expected else ""
        return f"{self._name}: {run.step or run.get_state_display()}{counted}"
