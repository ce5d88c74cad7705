"""The servers, one server, one read of it."""

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from replicas_app import doctor, servers
from replicas_app.choices import EventKind
from replicas_app.filters.addresses import Address
from replicas_app.filters.events import history_of
from replicas_app.filters.fields import PageField, PartlyWrong
from replicas_app.filters.pages import Page
from replicas_app.history import Kept
from replicas_app.models import BackupServer, SyncRun
from replicas_app.overview import server_line, server_lines
from replicas_app.views.servers.live import Live
from replicas_app.views.shared import template_for

READS_ON_A_PAGE = 12
EVENTS_ON_A_PAGE = 100
LOOKING = {"seen": None, "heard": None}
"""What an open page adds to its own address when it looks again; no link keeps it."""


@require_GET
@vary_on_headers("HX-Request")
def server_list(request: HttpRequest) -> HttpResponse:
    lines = server_lines(BackupServer.objects.by_name(), timezone.now())
    template = template_for(request, page="servers/list.html", part="servers/_list_part.html")
    return render(request, template, {"lines": lines, "is_reading": any(line.reading for line in lines)})


@require_GET
@vary_on_headers("HX-Request")
def server_detail(request: HttpRequest, pk: int) -> HttpResponse:
    server = get_object_or_404(BackupServer, pk=pk)
    live = Live.of(server)
    if live.was_seen(request):
        return HttpResponse(status=204)
    template = template_for(request, page="servers/detail.html", part="servers/_server_part.html")
    return live.answer(request, render(request, template, _about(request, server, live)))


@require_GET
@vary_on_headers("HX-Request")
def sync_run(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    run = get_object_or_404(SyncRun.objects.select_related("server", "asked_by"), pk=run_pk, server=pk)
    live = Live.of(run.server, run)
    if live.was_seen(request):
        return HttpResponse(status=204)
    context = {"server": run.server, "run": run, "live": live, "fix": doctor.fix(run.error_cause)}
    template = template_for(request, page="servers/run.html", part="servers/_run_part.html")
    return live.answer(request, render(request, template, context | _changes(request, run)))


def _about(request: HttpRequest, server: BackupServer, live: Live) -> dict[str, object]:
    reads = server.sync_runs.newest_first().select_related("asked_by")
    return {
        "server": server,
        "line": server_line(server, live.now),
        "live": live,
        "fix": doctor.fix(server.last_error_cause),
        "drops": servers.drops_of(server),
        "drop_fix": doctor.fix("drop"),
        "reads": _page(request, reads, READS_ON_A_PAGE),
        "history": history_of(server),
        "kept": Kept([server]),
        "same": BackupServer.objects.same_installation(server),
    }


def _changes(request: HttpRequest, run: SyncRun) -> dict[str, object]:
    """What the read saw change, of one kind where the query string names one."""
    kind = request.GET.get("kind", "")
    events = run.events.select_related("replica", "vm", "point").order_by("replica__sort_key", "pk")
    counted = run.events.order_by().values_list("kind").annotate(count=Count("pk")).order_by("kind")
    kinds = [(value, EventKind(value).label, count) for value, count in counted if value in EventKind.values]
    chosen = events.filter(kind=kind) if kind in EventKind.values else events
    return {
        "kinds": kinds,
        "kind": kind,
        "wrong_kind": kind if kind and kind not in EventKind.values else "",
        "events": _page(request, chosen, EVENTS_ON_A_PAGE),
    }


def _page(request: HttpRequest, rows: QuerySet, size: int) -> dict[str, object]:
    """The page that the query string names, and what is wrong with the name: no page turns into another one."""
    try:
        number, wrong = PageField("Page").clean(request.GET.getlist("page")) or 1, []
    except PartlyWrong as error:
        number, wrong = None, error.messages
    address = Address(request.path, request.GET)
    page = Page.of(rows, number, size, rows.count())
    return {
        "page": page,
        "wrong": wrong,
        "previous": address.with_(page=number - 1, **LOOKING) if number and number > 1 else "",
        "next": address.with_(page=number + 1, **LOOKING) if number and page.has_next else "",
    }
