"""What a person asks of a server: read it now, test the connection, leave it alone. Each press has one effect."""

import logging

from celery import Task
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from replicas_app import doctor, servers, sync, tasks
from replicas_app.choices import SyncTrigger
from replicas_app.models import BackupServer, Person, SyncRun

logger = logging.getLogger(__name__)

may_manage = permission_required("replicas_app.manage_servers", raise_exception=True)


@require_POST
@permission_required("replicas_app.sync", raise_exception=True)
def server_sync(request: HttpRequest, pk: int) -> HttpResponse:
    server = get_object_or_404(BackupServer, pk=pk)
    if refusal := servers.why_not_read(server):
        messages.error(request, refusal)
    else:
        run, is_new = read_now(server, request.user)
        if not is_new:
            messages.info(request, f"{server} is being read already, {asked_for_by(run)}: this is that read.")
    return redirect(server)


@require_POST
@may_manage
def server_test(request: HttpRequest, pk: int) -> HttpResponse:
    server = get_object_or_404(BackupServer, pk=pk)
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


def read_now(server: BackupServer, person: Person) -> tuple[SyncRun, bool]:
    """The read of this server that is under way, begun now if there was none."""
    run, is_new = sync.request(server, SyncTrigger.PERSON, person)
    if is_new:
        tell_worker(tasks.sync_server, run.pk)
    return run, is_new


def test_now(server: BackupServer) -> None:
    """Begin a connection test, unless one is under way."""
    if doctor.ask(server):
        tell_worker(tasks.test_server, server.pk)


def tell_worker(task: Task, pk: int) -> None:
    """Send a message. What has to be done stands in a row, so where the broker is down, beat sends it later."""
    try:
        task.delay_on_commit(pk)
    except OperationalError as error:
        logger.warning("no worker was told of %s %s: %s", task.name, pk, error)


def asked_for_by(run: SyncRun) -> str:
    """`asked for by anna`, `on schedule`."""
    return f"asked for by {run.asked_by}" if run.asked_by else run.get_trigger_display()
