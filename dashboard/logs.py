"""What the processes say, one line per event, to standard error."""

import copy
import logging
import time
from typing import Any


class Utc(logging.Formatter):
    """Times in UTC, as everywhere in the dashboard."""

    converter = time.gmtime


class OneLine(Utc):
    """All in one line, an exception as its type and first line: for events that are no fault of the program."""

    def format(self, record: logging.LogRecord) -> str:
        bare = copy.copy(record)
        bare.exc_info = bare.exc_text = bare.stack_info = None
        line = " ".join(filter(None, map(str.strip, super().format(bare).splitlines())))
        problem = one_line(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""
        return line if not problem or str(record.exc_info[1]) in line else f"{line} ({problem})"


class NotReadyIsToldAlready(logging.Filter):
    """Leaves out Django's own line for a 503: whoever gave that answer has said what is missing."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != 503


def one_line(problem: BaseException) -> str:
    """The problem as its type and the first line of its text."""
    return f"{type(problem).__name__}: {(str(problem).splitlines() or [''])[0]}"


_FORMAT = {
    "format": "{asctime}.{msecs:03.0f}Z {levelname} {name}: {message}",
    "datefmt": "%Y-%m-%dT%H:%M:%S",
    "style": "{",
}

CONFIGURATION: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"not_ready_is_told_already": {"()": "dashboard.logs.NotReadyIsToldAlready"}},
    "formatters": {
        "full": {"()": "dashboard.logs.Utc", **_FORMAT},
        "line": {"()": "dashboard.logs.OneLine", **_FORMAT},
    },
    "handlers": {
        "full": {"class": "logging.StreamHandler", "formatter": "full"},
        "line": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["full"], "level": "WARNING"},
    "loggers": {
        "replicas_app": {"level": "INFO"},
        "dashboard": {"level": "INFO"},
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR", "filters": ["not_ready_is_told_already"]},
        "django.security": {"handlers": ["line"], "propagate": False},
        "celery.worker.consumer": {"handlers": ["line"], "propagate": False},
        "celery.beat": {"handlers": ["line"], "propagate": False},
    },
}
