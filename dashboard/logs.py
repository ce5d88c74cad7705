"""What the processes say, one line per event, to standard error."""

import logging
import time
from typing import Any


class Utc(logging.Formatter):
    """Times in UTC, as everywhere in the dashboard."""

    converter = time.gmtime


class OneLine(Utc):
    """An exception as its type and first line instead of a traceback: for events that are no fault of the program."""

    def formatException(self, exc_info: Any) -> str:
        first_line = (str(exc_info[1]).splitlines() or [""])[0]
        return f"  {exc_info[0].__name__}: {first_line}"

    def formatStack(self, stack_info: str) -> str:
        return ""


_FORMAT = {
    "format": "{asctime}.{msecs:03.0f}Z {levelname} {name}: {message}",
    "datefmt": "%Y-%m-%dT%H:%M:%S",
    "style": "{",
}

CONFIGURATION: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
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
        "django.request": {"level": "ERROR"},
        "django.security": {"handlers": ["line"], "propagate": False},
        "celery.worker.consumer": {"handlers": ["line"], "propagate": False},
        "celery.beat": {"handlers": ["line"], "propagate": False},
    },
}
