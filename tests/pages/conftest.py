"""A browser without JavaScript: Django's client, signed in."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from replicas_app.choices import Role
from replicas_app.models import Person
from replicas_app.simulator import Simulator
from tests.factories import make_person
from tests.pages.server_forms import PASSWORD


@pytest.fixture
def signed_in(db) -> Callable[..., Client]:
    """`signed_in(role=Role.OPERATOR)` or `signed_in(person)`: a client; `client.person` is who uses it."""

    def signed_in(person: Person | None = None, role: Role = Role.VIEWER) -> Client:
        client = Client()
        client.person = person or make_person(role=role)
        client.force_login(client.person)
        return client

    return signed_in


@pytest.fixture
def admin(signed_in) -> Client:
    return signed_in(role=Role.ADMIN)


@pytest.fixture
def operator(signed_in) -> Client:
    return signed_in(role=Role.OPERATOR)


@pytest.fixture
def viewer(signed_in) -> Client:
    return signed_in(role=Role.VIEWER)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """One with a password of real life."""
    with Simulator(replicas=3, vms=1, points=2, seed=7, still=True, tls=True, password=PASSWORD) as simulator:
        yield simulator
