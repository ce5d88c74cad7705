"""Who may open and who may send what: one literal table of all addresses. A new address has to take a place in it."""

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from replicas_app.choices import Role
from tests.factories import make_person
from tests.scene import Scene, set_scene

pytestmark = pytest.mark.django_db

NOBODY, ADMINS, OPERATORS, SIGNED_IN, ANYONE = range(5)
"""Whom a method lets in, each with those before it; NOBODY: the address does not know the method."""
RANK = {Role.ADMIN: ADMINS, Role.OPERATOR: OPERATORS, Role.VIEWER: SIGNED_IN, None: ANYONE}

ACCESS = {  # name: (who may GET, who may POST)
    "healthz": (ANYONE, NOBODY),
    "readyz": (ANYONE, NOBODY),
    "login": (ANYONE, ANYONE),
    "password-set": (ANYONE, ANYONE),
    "logout": (NOBODY, SIGNED_IN),
    "password-change": (SIGNED_IN, SIGNED_IN),
    "overview": (SIGNED_IN, NOBODY),
    "replicas": (SIGNED_IN, NOBODY),
    "replica": (SIGNED_IN, NOBODY),
    "vms": (SIGNED_IN, NOBODY),
    "vm": (SIGNED_IN, NOBODY),
    "restore-points": (SIGNED_IN, NOBODY),
    "restore-point": (SIGNED_IN, NOBODY),
    "servers": (SIGNED_IN, NOBODY),
    "server": (SIGNED_IN, NOBODY),
    "sync-run": (SIGNED_IN, NOBODY),
    "server-sync": (NOBODY, OPERATORS),
    "server-add": (ADMINS, ADMINS),
    "server-edit": (ADMINS, ADMINS),
    "server-remove": (ADMINS, ADMINS),
    "server-toggle": (NOBODY, ADMINS),
    "server-test": (NOBODY, ADMINS),
    "server-pin": (ADMINS, ADMINS),
    "server-accept-drop": (ADMINS, ADMINS),
    "rescans": (SIGNED_IN, NOBODY),
    "rescan": (SIGNED_IN, NOBODY),
    "rescan-ask": (OPERATORS, OPERATORS),
    "rescan-acts": (OPERATORS, NOBODY),
    "rescan-start": (NOBODY, OPERATORS),
    "rescan-stop": (OPERATORS, OPERATORS),
    "activity": (SIGNED_IN, NOBODY),
    "people": (ADMINS, NOBODY),
    "person": (ADMINS, NOBODY),
    "person-add": (ADMINS, ADMINS),
    "person-role": (NOBODY, ADMINS),
    "person-link": (ADMINS, ADMINS),
    "person-deactivate": (ADMINS, ADMINS),
    "person-reactivate": (NOBODY, ADMINS),
}
OPEN_TO_ALL = {name for name, allowed in ACCESS.items() if ANYONE in allowed}


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("method", ["get", "post"])
def test_everybody_is_let_in_where_the_table_says_so_and_nowhere_else(method, role):
    scene = set_scene(make_person(role=Role.ADMIN))
    person = make_person(role=role) if role else None

    found = {}
    for name in _names(get_resolver()):
        client = Client()
        if person:
            client.force_login(person)
        found[name] = _outcome(getattr(client, method)(reverse(name, args=_arguments(name, scene))))

    assert found == {name: _expected(name, method, role) for name in ACCESS}


def _names(resolver: URLResolver) -> Iterator[str]:
    """The name of each address; its route, which no table holds, where it has none."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name or str(pattern.pattern)
        else:
            yield from _names(pattern)


def _arguments(name: str, scene: Scene) -> list[object]:
    rows = {
        "replica": [scene.replica.pk],
        "vm": [scene.point.vm_id],
        "restore-point": [scene.point.pk],
        "sync-run": [scene.server.pk, scene.run.pk],
        "rescan": [scene.running.pk],
        "rescan-stop": [scene.running.pk],
        "password-set": ["uid", "token"],
    }
    of_a_server = {
        "server",
        "server-edit",
        "server-remove",
        "server-toggle",
        "server-test",
        "server-sync",
        "server-pin",
        "server-accept-drop",
    }
    of_a_person = {"person", "person-role", "person-link", "person-deactivate", "person-reactivate"}
    rows |= {name: [scene.server.pk] for name in of_a_server} | {name: [scene.person.pk] for name in of_a_person}
    return rows.get(name, [])


def _outcome(response: HttpResponse) -> str:
    if response.status_code == 302 and response.url.startswith(f"{reverse('login')}?next="):
        return "has to sign in"
    return {403: "is refused", 405: "no such method"}.get(response.status_code, "is let in")


def _expected(name: str, method: str, role: Role | None) -> str:
    allowed = ACCESS[name][method == "post"]
    if role is None and name not in OPEN_TO_ALL:
        return "has to sign in"
    if allowed == NOBODY:
        return "no such method"
    return "is let in" if RANK[role] <= allowed else "is refused"
