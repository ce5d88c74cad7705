"""The queue's door: `celery -A dashboard worker` and `celery -A dashboard beat`."""

import logging
import os
import threading

from celery import Celery
from celery.signals import beat_init, worker_init
from django.db import OperationalError, connection

from replicas_app import schema

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("dashboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

logger = logging.getLogger(__name__)
LOOK_AGAIN_SECONDS = 1.0
WORKER_PATIENCE_SECONDS = 10.0


@worker_init.connect
def give_the_worker_patience(**_: object) -> None:
    """A worker waits for messages anyway: it need not give a slow broker up as fast as a page does."""
    options = app.conf.broker_transport_options
    if "socket_timeout" in options:
        app.conf.broker_transport_options = {**options, "socket_timeout": WORKER_PATIENCE_SECONDS}


@worker_init.connect
@beat_init.connect
def wait_for_the_schema(**_: object) -> None:
    """No task runs, and no tick, before all migrations are there, whoever applies them."""
    clock = threading.Event()
    told = ""
    while waits_for := _what_is_missing():
        if waits_for != told:
            logger.warning("Waiting for %s", waits_for)
            told = waits_for
        clock.wait(LOOK_AGAIN_SECONDS)


def _what_is_missing() -> str:
    try:
        return "migrations: somebody has to run `manage.py migrate`" if schema.pending() else ""
    except OperationalError:
        return "the database, which does not answer"
    finally:
        connection.close()  # the worker's processes are forked after this: they must not share it
