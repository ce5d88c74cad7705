"""The list of restore points, and one restore point."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe
from django.views.decorators.vary import vary_on_headers

from replicas_app import exports
from replicas_app.filters import PointFilters
from replicas_app.filters.answers import Answer
from replicas_app.filters.events import history_of
from replicas_app.filters.points import POINT_LINES
from replicas_app.models import BackupServer, RestorePoint
from replicas_app.notices import notices_of
from replicas_app.views.listing import list_answer


@require_safe
@vary_on_headers("HX-Request")
def restore_point_list(request: HttpRequest) -> HttpResponse:
    filters = PointFilters(request.GET, path=request.path, servers=BackupServer.objects.for_lists())
    answer = Answer(
        filters,
        RestorePoint.objects.all(),
        "restore point",
        timezone.now(),
        counts_asked_for="counts" in request.GET,
        lines=POINT_LINES,
    )
    return list_answer(request, answer, page="restore_points/list.html", parts="restore_points", sheet=exports.POINTS)


@require_GET
def restore_point_detail(request: HttpRequest, pk: int) -> HttpResponse:
    point = get_object_or_404(RestorePoint.objects.with_names(), pk=pk)
    others = RestorePoint.objects.present().filter(vm=point.vm_id)
    newer = others.filter(created_at__gt=point.created_at)
    context = {
        "point": point,
        "older": others.filter(created_at__lt=point.created_at).order_by("-created_at", "-pk").first(),
        "newer": newer.order_by("created_at", "pk").first(),
        "operations": list(zip(point.operations_words, point.operations, strict=True)),
        "newer_count": newer.count(),
        "history": history_of(point),
        "notices": notices_of([point.server], timezone.now()),
    }
    return render(request, "restore_points/detail.html", context)
