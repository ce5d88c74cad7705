"""Connecting a server, changing it, accepting its certificate, removing it. For admins."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from replicas_app import servers
from replicas_app.models import BackupServer
from replicas_app.servers import ServerForm
from replicas_app.times import utc_words
from replicas_app.views.servers.acts import may_manage, read_now, test_now
from replicas_app.views.servers.live import Live
from replicas_app.views.shared import confirm, template_for, wants_part

WRONG = 422
CERTIFICATE_WORDS = {
    "subject": "Issued to",
    "issuer": "Issued by",
    "is_self_signed": "Self-signed",
    "not_before": "Valid from",
    "not_after": "Valid until",
    "names": "For the names",
}


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@may_manage
@vary_on_headers("HX-Request")
def server_add(request: HttpRequest) -> HttpResponse:
    form = ServerForm(request.POST or None)
    if form.is_valid() and (server := _added(form)):
        _tell(request, form, f"{server} was added, with the address {server.base_url}.")
        return _go(request, _begin(request, server))
    if twin := form.is_bound and form.same_wish():
        return _go(request, twin.get_absolute_url())
    return _form(request, form, {"words": "Connect a server", "back": reverse("servers")})


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@may_manage
@vary_on_headers("HX-Request")
def server_edit(request: HttpRequest, pk: int) -> HttpResponse:
    server = get_object_or_404(BackupServer, pk=pk)
    form = ServerForm(request.POST or None, instance=server)
    if form.is_valid():
        changed = form.changes()
        servers.change(form.server, changed)
        _tell(request, form, f"{server} was changed." if changed else f"Nothing was changed at {server}.")
        is_other_way = servers.WAY_IN & changed
        return _go(request, _begin(request, server) if is_other_way else server.get_absolute_url())
    return _form(request, form, {"words": f"Edit {form.initial['name']}", "back": server.get_absolute_url()})


@require_http_methods(["GET", "POST"])
@may_manage
@vary_on_headers("HX-Request")
def server_pin(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare the certificate that the server shows with the one on its console, then accept it."""
    server = get_object_or_404(BackupServer, pk=pk)
    if request.method == "POST":
        return _accept(request, server)
    live = Live.of(server)
    if live.was_seen(request):
        return HttpResponse(status=204)
    offered = servers.offered_certificate(server)
    context = {"server": server, "live": live, "offered": offered, "certificate_rows": _beside(offered, server)}
    template = template_for(request, page="servers/pin.html", part="servers/_pin.html")
    return live.answer(request, render(request, template, context))


@require_http_methods(["GET", "POST"])
@may_manage
@vary_on_headers("HX-Request")
def server_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the server's name: what goes cannot be had back."""
    server = get_object_or_404(BackupServer, pk=pk)
    wrong = ""
    if request.method == "POST":
        if request.POST.get("name", "").strip() == server.name.strip():
            return _remove(request, server)
        wrong = f"Type {server.name}, exactly as it is written here."
    context = {"server": server, "holdings": servers.holdings(server), "wrong": wrong}
    return confirm(request, "servers/remove.html", context, status=WRONG if wrong else 200)


def _added(form: ServerForm) -> BackupServer | None:
    """The new row; the row that a press in the same moment made; None where another server is in the way."""
    try:
        server, _ = servers.add(form.server)
    except servers.Twin as twin:
        form.twin = twin.server
        form.add_error(None, str(twin))
        return None
    return server


def _begin(request: HttpRequest, server: BackupServer) -> str:
    """Take up a new way in: look at the certificate, or read at once. The address of the page where it shows."""
    if server.is_unconfirmed:
        test_now(server)
        return reverse("server-pin", args=[server.pk])
    if not servers.why_not_read(server):
        read_now(server, request.user)
    return server.get_absolute_url()


def _accept(request: HttpRequest, server: BackupServer) -> HttpResponse:
    if not servers.accept(server, request.POST.get("sha256", "")):
        messages.error(request, f"{server} shows another certificate by now: compare this one. Nothing was accepted.")
        return redirect("server-pin", server.pk)
    messages.success(request, f"The certificate of {server} is pinned: nothing else is believed to be this server.")
    if not servers.why_not_read(server):
        read_now(server, request.user)
    return redirect(server)


def _beside(offered: dict[str, Any] | None, server: BackupServer) -> list[tuple[str, str, str]]:
    """(words, shown now, accepted so far) for what stands in a certificate beside its fingerprint."""
    now, before = offered or {}, server.pinned_certificate
    return [(words, _words(now.get(key)), _words(before.get(key))) for key, words in CERTIFICATE_WORDS.items()]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    moment = parse_datetime(value) if value and value[:4].isdigit() else None
    return utc_words(moment) if moment else value or ""


def _remove(request: HttpRequest, server: BackupServer) -> HttpResponse:
    try:
        servers.remove(server)
    except servers.IsBeingRead as refusal:
        messages.error(request, str(refusal))
        return redirect(server)
    messages.success(request, f"{server} was removed, with all that was read from it.")
    return redirect("servers")


def _form(request: HttpRequest, form: ServerForm, context: dict[str, str]) -> HttpResponse:
    template = template_for(request, page="servers/edit.html", part="servers/_form.html")
    return render(
        request, template, {"form": form, "up": reverse("servers"), **context}, status=WRONG if form.is_bound else 200
    )


def _tell(request: HttpRequest, form: ServerForm, words: str) -> None:
    messages.success(request, " ".join([words, *form.notes]))


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """To another page. htmx, which sent the form to keep the typed password, is told so in its own way."""
    return HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)
