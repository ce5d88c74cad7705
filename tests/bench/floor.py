"""The floor of the lists: two views more, as plain as Django can show the same rows.

Each is behind the same middleware and asks for a login as all pages do: session and person are read. Its fifty rows
were read once and are held in memory as ready texts, so it asks for nothing else; its template is one loop in which
every value is one variable, and gives the same cells as the list: links, titles, times, ticks and buttons. It has no
form, no filters, no ticks to narrow by, no pager, no ages and no counts.
"""

from datetime import datetime
from functools import cache
from pathlib import Path

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.django import Template
from django.urls import path, reverse
from django.utils import timezone

from dashboard.urls import urlpatterns as of_the_dashboard
from replicas_app.models import Replica, RestorePoint
from replicas_app.times import age_words, utc_words

ROWS = 50


def replicas(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_template("replicas").render({"rows": _replicas()}, request))


def points(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_template("points").render({"rows": _points()}, request))


@cache
def _template(name: str) -> Template:
    return engines["django"].from_string(Path(__file__).with_name(f"floor_{name}.html").read_text(encoding="utf-8"))


@cache
def _replicas() -> list[dict[str, str]]:
    rows = Replica.objects.present().select_related("server").order_by("sort_key", "pk")
    return [
        _common(row)
        | _moment("newest", row.newest_point_at)
        | _moment("created", row.created_at)
        | {
            "name": row.name,
            "vms": str(row.vm_count),
            "points": str(row.point_count),
            "points_href": f"{reverse('restore-points')}?server={row.server_id}&replica={row.uuid}",
            "type": row.type_words,
            "job": row.job_id,
            "job_short": f"{row.job_id[:8]}…",
            "job_href": f"{reverse('replicas')}?job={row.job_id}",
            "policy": "–",
            "ask": f"{reverse('rescan-ask')}?id={row.pk}",
        }
        for row in _some(rows)
    ]


@cache
def _points() -> list[dict[str, str]]:
    rows = RestorePoint.objects.present().with_names().order_by("-created_at", "-pk")
    return [
        _common(row)
        | _moment("created", row.created_at)
        | {
            "vm": row.vm.name,
            "replica": row.replica.name,
            "replica_href": row.replica.get_absolute_url(),
            "operations": str(len(row.operations)),
        }
        for row in _some(rows)
    ]


def _some(rows: QuerySet) -> QuerySet:
    return rows[:ROWS]


def _common(row: Replica | RestorePoint) -> dict[str, str]:
    return {
        "pk": str(row.pk),
        "uuid": str(row.uuid),
        "href": row.get_absolute_url(),
        "state": row.state_words,
        "malware": row.malware_words,
        "server": row.server.name,
        "server_href": row.server.get_absolute_url(),
        "platform": row.platform_words,
        "platform_id": "–",
    }


def _moment(name: str, moment: datetime | None) -> dict[str, str]:
    if moment is None:
        return {name: "–", f"{name}_iso": "", f"{name}_age": "–"}
    age = age_words(timezone.now() - moment)
    return {name: utc_words(moment), f"{name}_iso": moment.isoformat(timespec="seconds"), f"{name}_age": age}


urlpatterns = [path("floor/replicas/", replicas), path("floor/restore-points/", points), *of_the_dashboard]
