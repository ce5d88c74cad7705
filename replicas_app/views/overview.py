"""The first page: how things stand, every number a link to its rows."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from replicas_app import pulse
from replicas_app.models import BackupServer
from replicas_app.notices import process_notices
from replicas_app.overview import Overview
from replicas_app.views.shared import template_for, wants_part


@require_GET
@vary_on_headers("HX-Request")
def overview(request: HttpRequest) -> HttpResponse:
    """An open page asks with the version that it shows, and is sent another one only where there is one."""
    now = timezone.now()
    silent = pulse.all_silent(now)
    version = "-".join([BackupServer.objects.version(now), *(part.part for part in silent)])
    if wants_part(request) and request.GET.get("seen") == version:
        return HttpResponse(status=204)
    wants_days = request.GET.get("part") == "days"
    part = "overview/_days.html" if wants_days else "overview/_part.html"
    template = template_for(request, page="overview/page.html", part=part)
    shown = {
        "overview": Overview(now),
        "notices": process_notices(silent),
        "version": version,
        "wants_days": wants_days,
    }
    return render(request, template, shown)
