"""What a person asks of a server: read it now, believe a drop, test the connection, leave it alone.

Each press has one effect.
"""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from replicas_app import doctor, servers, sync, tasks
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.models import BackupServer, Person, SyncRun
from replicas_app.times import utc_words
from replicas_app.views.shared import confirm, wants_part

may_manage = permission_required("replicas_app.manage_servers", raise_exception=True)


@require_POST
@permission_required("replicas_app.sync", raise_exception=True)
def server_sync(request: HttpRequest, pk: int) -> HttpResponse:
    """With `full=1` everything is read, unless that is being done at the moment."""
    server = get_object_or_404(BackupServer, pk=pk)
    if refusal := servers.why_not_read(server):
        messages.error(request, refusal)
        return redirect(server)
    is_wanted = request.POST.get("full") == "1" and not SyncRun.objects.open().filter(server=server, is_full=True)
    tell_if_busy(request, server)
    run, is_new = read_now(server, request.user, full=f"asked for by {request.user}" if is_wanted else "")
    if not is_new:
        follows = is_wanted and run.state == SyncState.RUNNING
        what = "everything is read right after it" if follows else "this is that read"
        messages.info(request, f"{server} is being read already, {asked_for_by(run)}: {what}.")
    return redirect(server)


@require_http_methods(["GET", "POST"])
@may_manage
@vary_on_headers("HX-Request")
def server_accept_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks before it believes a drop, since what is not listed any more leaves all pages."""
    server = get_object_or_404(BackupServer, pk=pk)
    drops = servers.drops_of(server)
    if refusal := servers.why_not_read(server):
        messages.error(request, refusal)
    elif not drops:
        messages.info(request, f"There is nothing to accept at {server} any more.")
    elif request.method == "GET":
        context = {"server": server, "drops": drops, "mark": servers.mark_of(drops)}
        return confirm(request, "servers/accept_drop.html", context)
    elif run := servers.accept_drop(server, request.user, request.POST.get("seen", "")):
        tasks.tell_worker(tasks.sync_server, run.pk)
        messages.success(request, f"What {server} lists is believed: it is read once more, all of it.")
    else:
        messages.error(request, f"{server} has answered with other numbers by now: look again. Nothing was accepted.")
    address = server.get_absolute_url()
    return HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)


@require_POST
@may_manage
def server_test(request: HttpRequest, pk: int) -> HttpResponse:
    server = get_object_or_404(BackupServer, pk=pk)
    tell_if_busy(request, server)
    test_now(server)
    return redirect("server-pin" if request.POST.get("then") == "pin" else "server", pk)


@require_POST
@may_manage
def server_toggle(request: HttpRequest, pk: int) -> HttpResponse:
    """`on` says what is wanted, so that a second press does not undo the first."""
    server = get_object_or_404(BackupServer, pk=pk)
    is_wanted = request.POST.get("on") == "1"
    if server.is_enabled != is_wanted:
        servers.switch(server, on=is_wanted)
    if not is_wanted:
        messages.success(request, f"{server} is disabled: it is not read any more. What is known of it stays.")
    elif not servers.why_not_read(server):
        read_now(server, request.user)
    return redirect(server)


def tell_if_busy(request: HttpRequest, server: BackupServer) -> None:
    """What somebody presses is done all the same, but they should know what the server asked for."""
    if server.is_busy(timezone.now()):
        until = utc_words(server.busy_until)
        messages.info(request, f"{server} wants to be left alone until {until}. It is asked all the same, for you.")


def read_now(server: BackupServer, person: Person, *, full: str = "") -> tuple[SyncRun, bool]:
    """The read of this server that is under way, begun now if there was none. `full`: why it has to read everything."""
    run, is_new = sync.request(server, SyncTrigger.PERSON, person, full=full)
    if is_new:
        tasks.tell_worker(tasks.sync_server, run.pk)
    return run, is_new


def test_now(server: BackupServer) -> None:
    """Begin a connection test, unless one is under way."""
    if doctor.ask(server):
        tasks.tell_worker(tasks.test_server, server.pk)


def asked_for_by(run: SyncRun) -> str:
    """`asked for by anna`, `on schedule`."""
    return f"asked for by {run.asked_by}" if run.asked_by else run.get_trigger_display()
