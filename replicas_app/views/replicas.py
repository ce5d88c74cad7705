"""The list of replicas, and one replica."""

from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from replicas_app import exports, rescans
from replicas_app.filters import ReplicaFilters, ReplicaPointFilters
from replicas_app.filters.answers import Answer
from replicas_app.filters.events import history_of
from replicas_app.filters.lines import Lines
from replicas_app.filters.points import POINT_LINES
from replicas_app.models import BackupServer, Replica
from replicas_app.notices import notices_of
from replicas_app.views.listing import list_answer

VMS_SHOWN = 200


@require_safe
@vary_on_headers("HX-Request")
def replica_list(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    filters = ReplicaFilters(request.GET, path=request.path, servers=BackupServer.objects.for_lists())
    answer = Answer(
        filters,
        Replica.objects.all(),
        "replica",
        now,
        counts_asked_for="counts" in request.GET,
        lines=_lines(now.replace(second=0, microsecond=0)),
        shows_acts=request.user.has_perm("replicas_app.rescan"),
    )
    return list_answer(request, answer, page="replicas/list.html", parts="replicas", sheet=exports.REPLICAS)


@lru_cache(maxsize=1)
def _lines(minute: datetime) -> Lines:
    """The lines with what can be done. Who has rested since this minute began is told by the row's own moment."""
    return Lines(rescans.with_acts(Replica.objects.all(), minute).lines("open_rescan_id", "rested_at", "rested_by"))


@require_safe
@vary_on_headers("HX-Request")
def replica_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The replica, and its restore points as a list that can be narrowed like all others."""
    now = timezone.now()
    replica = get_object_or_404(rescans.with_acts(Replica.objects.select_related("server"), now), pk=pk)
    filters = ReplicaPointFilters(request.GET, path=request.path, servers=[replica.server])
    answer = Answer(
        filters,
        replica.points.all(),
        "restore point",
        now,
        counts_asked_for="counts" in request.GET,
        lines=POINT_LINES,
    )
    return list_answer(
        request,
        answer,
        page="replicas/detail.html",
        parts="restore_points",
        sheet=exports.POINTS.of("replica", replica.pk),
        replica=replica,
        vms=replica.vms.order_by("sort_key", "pk")[:VMS_SHOWN],
        rescans=rescans.newest_of(replica, now),
        history=history_of(replica),
        notices=notices_of([replica.server], answer.now),
    )
