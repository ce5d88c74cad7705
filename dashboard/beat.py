"""The clock: what `CELERY_BEAT_SCHEDULE` names is called here, in beat's own process.

The functions look for rows that are due and send a message for each. Were they tasks themselves, a worker that stands
still would leave a queue full of stale ticks. Nothing is remembered over a restart: everything is due at once. The
ticks follow a clock that nobody sets: when that of the machine is put back or forward, none is late or comes twice.
"""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from django.db import close_old_connections
from django.utils.module_loading import import_string

from dashboard.logs import one_line

logger = logging.getLogger(__name__)
LONG_AGO = timedelta(days=1)


def steady_clock() -> datetime:
    """Goes on evenly whatever the machine's clock is set to; where it began means nothing."""
    return datetime.fromtimestamp(time.monotonic(), UTC)


class InProcessScheduler(Scheduler):
    """Calls the entries' functions instead of sending them to a worker. One that fails is called again next time."""

    producer = None
    """Beat itself sends nothing: a broker that is down holds up no tick."""

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)
        for entry in self.schedule.values():
            entry.schedule.nowfun = steady_clock
            entry.last_run_at = steady_clock() - LONG_AGO

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        close_old_connections()
        try:
            import_string(entry.task)()
        except Exception as problem:  # noqa: BLE001  whatever one tick meets must not stop the clock
            logger.warning("%s failed, and is tried again: %s", entry.name, one_line(problem))
        finally:
            close_old_connections()
