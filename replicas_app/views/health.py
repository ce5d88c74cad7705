"""For those who watch over the process: does it live, and can it work? No login, whatever the `Host`."""

import logging

from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from replicas_app import pulse, schema
from replicas_app.times import utc_words

logger = logging.getLogger(__name__)


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Everything that pages and acts need is there; else 503, with what is not.

    That the scheduler or the workers are silent is a warning: pages are as good as before, and whoever takes this
    process out of service for it mends nothing.
    """
    lacks = _what_the_database_lacks()
    reasons = [*lacks, *_what_the_broker_lacks()]
    warnings = [] if lacks else _who_is_silent()
    answer = {"ready": not reasons, "reasons": reasons} | ({"warnings": warnings} if warnings else {})
    return JsonResponse(answer, status=503 if reasons else 200)


def _what_the_database_lacks() -> list[str]:
    try:
        pending = schema.pending()
    except DatabaseError as problem:
        logger.warning("Not ready, the database: %s", type(problem).__name__)
        return ["database: it does not answer"]
    return [f"migrations: {len(pending)} not applied yet"] if pending else []


def _what_the_broker_lacks() -> list[str]:
    """A connection of its own, tried once, not one of the pool: what counts is whether a new one comes about now."""
    broker = current_app.connection_for_write()
    try:
        broker.transport.close_connection(broker.transport.establish_connection())
    except (*broker.connection_errors, *broker.channel_errors, OSError) as problem:
        logger.warning("Not ready, the broker: %s", type(problem).__name__)
        return ["broker: it does not answer"]
    return []


def _who_is_silent() -> list[str]:
    return [f"{silent.part}: no sign since {utc_words(silent.at)}" for silent in pulse.all_silent(timezone.now())]
