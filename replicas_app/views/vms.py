"""The list of VMs, and one VM."""

from datetime import datetime
from functools import cached_property

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from replicas_app import exports, rescans
from replicas_app.filters.answers import Answer
from replicas_app.filters.events import history_of
from replicas_app.filters.points import POINT_LINES
from replicas_app.filters.vms import VM_LINES, VMFilters, VMPointFilters
from replicas_app.models import BackupServer, Replica, ReplicaVM
from replicas_app.notices import notices_of
from replicas_app.timeline import MOST, SPANS, Timeline, first_span, since_when
from replicas_app.times import their_clock
from replicas_app.views.listing import list_answer


@require_safe
@vary_on_headers("HX-Request")
def vm_list(request: HttpRequest) -> HttpResponseBase:
    filters = VMFilters(request.GET, path=request.path, servers=BackupServer.objects.for_lists())
    answer = Answer(
        filters,
        ReplicaVM.objects.all(),
        "VM",
        timezone.now(),
        counts_asked_for="counts" in request.GET,
        lines=VM_LINES,
    )
    return list_answer(request, answer, page="vms/list.html", parts="vms", sheet=exports.VMS)


@require_safe
@vary_on_headers("HX-Request")
def vm_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The VM, its restore points on a line of time, and as a list that can be narrowed like all others."""
    now = timezone.now()
    vm = get_object_or_404(ReplicaVM.objects.select_related("server"), pk=pk)
    replica = rescans.with_acts(Replica.objects.select_related("server"), now).get(pk=vm.replica_id)
    filters = VMPointFilters(request.GET, path=request.path, servers=[vm.server])
    answer = Answer(
        filters,
        vm.points.all(),
        "restore point",
        now,
        counts_asked_for="counts" in request.GET,
        lines=POINT_LINES,
    )
    return list_answer(
        request,
        answer,
        page="vms/detail.html",
        parts="restore_points",
        sheet=exports.POINTS.of("vm", vm.pk),
        vm=vm,
        replica=replica,
        newest=vm.points.present().order_by("-created_at", "-pk").first(),
        line=_Line(vm, filters, now),
        rescans=rescans.newest_of(replica, now),
        history=history_of(vm),
        notices=notices_of([vm.server], now),
    )


class _Line:
    """The line of time above the points; a part of the page does without it."""

    def __init__(self, vm: ReplicaVM, filters: VMPointFilters, now: datetime) -> None:
        self.vm, self.filters = vm, filters
        self.now = their_clock(now, vm.server.clock_skew_seconds)
        self.span = filters.cleaned_data["span"] or first_span(vm.oldest_point_at, self.now)

    @cached_property
    def timeline(self) -> Timeline:
        since = since_when(self.span, self.vm.oldest_point_at, self.now)
        points = self.vm.points.present().filter(created_at__gte=since).order_by("-created_at", "-pk")
        return Timeline(list(points.only("created_at", "malware")[:MOST]), since, self.now, self._rows_between)

    @property
    def spans(self) -> list[tuple[str, str, bool]]:
        """(words, address, whether it is this one) of how far back the line can reach."""
        return [(span, f"{self.filters.address.with_(span=span)}#timeline", span == self.span) for span in SPANS]

    def _rows_between(self, first: datetime, last: datetime) -> str:
        between = {"created_after": first.isoformat(), "created_before": last.isoformat()}
        return f"{self.filters.address.with_(**between)}#points"
