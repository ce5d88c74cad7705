"""Rescans: ask, start, watch, stop, and the list of all. No view talks to a backup server."""

from collections.abc import Sequence
from hashlib import blake2b

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from replicas_app import exports, rescans
from replicas_app.filters.answers import Answer
from replicas_app.filters.rescans import RescanFilters
from replicas_app.models import BackupServer, Part, Replica, Rescan, RescanReplica
from replicas_app.notices import notices_of, why_it_waits
from replicas_app.overview.lines import HALF_READ
from replicas_app.views.listing import list_answer
from replicas_app.views.shared import announce, confirm, page_address, template_for, wants_part

SHOWN_MEMBERS = 50
MOST_WATCHED = 250
for_operators = permission_required("replicas_app.rescan", raise_exception=True)


class KeysField(forms.Field):
    """Primary keys: the field repeated, or several with commas between (a POST may hold a thousand fields at most)."""

    widget = forms.SelectMultiple

    def clean(self, value: Sequence[str]) -> list[int]:
        texts = [text.strip() for part in value for text in part.split(",") if text.strip()]
        if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
            raise ValidationError("The selection holds something that is not the number of a replica.")
        return list(dict.fromkeys(int(text) for text in texts))


class WishForm(forms.Form):
    """Which replicas, and why. A wrong value refuses the whole: an act is not done to a part of what was meant."""

    id = KeysField(required=False)
    again = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    """A rescan whose replicas are meant, too."""
    reason = forms.CharField(
        label="Why",
        help_text="Optional, kept with the rescan.",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def replicas(self) -> list[Replica]:
        meant = Q(pk__in=self.cleaned_data["id"])
        if again := self.cleaned_data["again"]:
            meant |= Q(pk__in=RescanReplica.objects.filter(rescan=again).values("replica"))
        return list(Replica.objects.filter(meant).select_related("server"))

    def unknown_count(self, replicas: Sequence[Replica]) -> int:
        """How many of the numbers are no replica's any more: they were meant, and are to be told."""
        return len(set(self.cleaned_data["id"]) - {replica.pk for replica in replicas})


class WatchForm(forms.Form):
    """Which buttons a page wants to be told of: those of replicas, or the one of a rescan."""

    id = KeysField(required=False)
    again = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    main = forms.BooleanField(required=False)


@require_safe
@vary_on_headers("HX-Request")
def rescan_list(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    filters = RescanFilters(request.GET, path=request.path, servers=BackupServer.objects.by_name())
    answer = Answer(filters, Rescan.objects.with_names().defer("log"), "rescan", now, counts_asked_for=True)
    stories = [rescans.Story(rescan, now) for rescan in answer.rows]
    waits = why_it_waits(now, Part.RESCANS) if any(story.is_overdue for story in stories) else ""
    version = _version(*(story.version for story in stories), waits)
    pauses = [story.asks_again_after for story in stories if not story.is_settled]
    context = {
        "stories": stories,
        "waits": waits,
        "version": version,
        "is_live": bool(pauses),
        "poll_seconds": min(pauses, default=0),
    }
    if not _asks_again(request):
        return list_answer(request, answer, page="rescans/list.html", parts="rescans", sheet=exports.RESCANS, **context)
    if _has_seen(request, version):
        return HttpResponse(status=204)
    return render(request, "rescans/_table.html", {"answer": answer, "filters": filters, **context})


@require_GET
@vary_on_headers("HX-Request")
def rescan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rescan = get_object_or_404(Rescan.objects.with_names(), pk=pk)
    now, is_whole = timezone.now(), "all" in request.GET
    story = rescans.Story(rescan, now, is_whole=is_whole)
    waits = why_it_waits(now, Part.RESCANS) if story.is_overdue else ""
    version = _version(story.version, waits)
    if _has_seen(request, version):
        return HttpResponse(status=204)
    template = template_for(request, page="rescans/detail.html", part="rescans/_live_part.html")
    members = rescans.members_of(rescan, None if is_whole else SHOWN_MEMBERS)
    context = {
        "rescan": rescan,
        "story": story,
        "waits": waits,
        "version": version,
        "members": members,
        "notices": notices_of([rescan.server], now),
    }
    response = render(request, template, context)
    if wants_part(request) and request.headers.get("X-Heard") != rescan.state:
        announce(response, f"Rescan {rescan.pk}: {story.headline}")
    return response


@require_GET
@for_operators
def rescan_acts(request: HttpRequest) -> HttpResponse:
    """What can be done with these replicas right now: their buttons, for a page that shows another state of them."""
    now = timezone.now()
    form = WatchForm(request.GET)
    if not form.is_valid():
        raise SuspiciousOperation("not the numbers of replicas")
    if again := form.cleaned_data["again"]:
        rescan = get_object_or_404(Rescan.objects.with_names(), pk=again)
        return render(request, "rescans/_again.html", {"rescan": rescan, "story": rescans.Story(rescan, now)})
    replicas = Replica.objects.filter(pk__in=form.cleaned_data["id"][:MOST_WATCHED]).order_by("pk")
    context = {"replicas": rescans.with_acts(replicas, now), "now": now, "main": form.cleaned_data["main"]}
    return render(request, "rescans/_acts.html", context)


@require_http_methods(["GET", "POST"])
@for_operators
def rescan_ask(request: HttpRequest) -> HttpResponse:
    """What would be done, before it is. A large selection comes by POST, which changes nothing either."""
    form = WishForm(request.POST if request.method == "POST" else request.GET)
    replicas = form.replicas() if form.is_valid() else []
    return _ask(request, form, replicas)


@require_POST
@for_operators
def rescan_start(request: HttpRequest) -> HttpResponse:
    form = WishForm(request.POST)
    replicas = form.replicas() if form.is_valid() else []
    if not replicas:
        return _ask(request, form, [])
    selection = rescans.start(request.user, replicas, form.cleaned_data["reason"])
    _tell(request, selection, _unknown_words(form.unknown_count(replicas)))
    return redirect(selection.leads_to or "rescans")


@require_http_methods(["GET", "POST"])
@for_operators
def rescan_stop(request: HttpRequest, pk: int) -> HttpResponse:
    rescan = get_object_or_404(Rescan.objects.with_names(), pk=pk)
    if request.method == "GET":
        return confirm(request, "rescans/stop.html", {"rescan": rescan})
    if not rescans.stop(rescan, request.user):
        messages.info(request, "There was nothing left to stop.")
    return redirect(rescan)


def _ask(request: HttpRequest, form: WishForm, replicas: list[Replica]) -> HttpResponse:
    selection = rescans.sort_out(replicas)
    context = {
        "form": form,
        "selection": selection,
        "troubled": [
            server for server in selection.ready if server.last_error and server.last_error_cause not in HALF_READ
        ],
        "unknown": _unknown_words(form.unknown_count(replicas)) if form.is_valid() else "",
        "count": len(replicas),
        "ids": ",".join(str(replica.pk) for replica in replicas),
        "back": page_address(request) if request.method == "POST" else reverse("replicas"),
        "session_size": rescans.LARGEST_SESSION,
        "is_selection": request.method == "POST",
    }
    return confirm(request, "rescans/ask.html", context, status=200 if selection.ready else 422)


def _tell(request: HttpRequest, selection: rescans.Selection, unknown: str) -> None:
    """What a person has to know beside what the next page shows."""
    if len(selection.started) > 1:
        count = sum(rescan.replica_count for rescan in selection.started)
        words = f"{len(selection.started)} rescans of {count:,} replicas were started. Those of one server run in turn."
        messages.success(request, words)
    for group in selection.left_out:
        messages.warning(request, render_to_string("rescans/_left_out.html", {"group": group, "selection": selection}))
    if unknown:
        messages.warning(request, unknown)


def _unknown_words(count: int) -> str:
    if not count:
        return ""
    who, they = ("1 replica is", "it") if count == 1 else (f"{count:,} replicas are", "they")
    return f"{who} not known here any more: the server was removed, or {they} went longer ago than history is kept."


def _version(*shown: str) -> str:
    return blake2b(" ".join(shown).encode(), digest_size=12).hexdigest()


def _asks_again(request: HttpRequest) -> bool:
    """Whether a part of a page asks for itself anew (static/js/poll.js); it says what it shows."""
    return wants_part(request) and "X-Seen" in request.headers


def _has_seen(request: HttpRequest, version: str) -> bool:
    return _asks_again(request) and request.headers["X-Seen"] == version
