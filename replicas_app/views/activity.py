"""What the reads saw change: all events as a list."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from replicas_app.exports.events import EVENTS
from replicas_app.filters.answers import Answer
from replicas_app.filters.events import EventFilters
from replicas_app.history import Kept
from replicas_app.models import BackupServer, Event
from replicas_app.views.listing import list_answer


@require_safe
@vary_on_headers("HX-Request")
def activity(request: HttpRequest) -> HttpResponseBase:
    filters = EventFilters(request.GET, path=request.path, servers=BackupServer.objects.for_lists())
    answer = Answer(
        filters,
        Event.objects.with_about(),
        "change",
        timezone.now(),
        counts_asked_for="counts" in request.GET,
        lines=lambda keys: Event.objects.select_related("replica", "vm", "point").filter(pk__in=keys),
    )
    kept = Kept(filters.servers_in_sight)
    return list_answer(request, answer, page="activity/list.html", parts="activity", sheet=EVENTS, kept=kept)
