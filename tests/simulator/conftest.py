"""Simulated servers, and callers of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from replicas_app.simulator import Simulator

from .asking import NEWEST, Caller


@pytest.fixture(scope="session")
def world_of_all() -> Iterator[Simulator]:
    """A still server over plain HTTP with every habit in it. For tests that change nothing."""
    with Simulator(replicas=20, vms=2, points=12, tls=False) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def caller(world_of_all: Simulator) -> Caller:
    return Caller(world_of_all).signed_in()


@pytest.fixture
def start() -> Iterator[Callable[..., Simulator]]:
    """Starts servers of a test's own: small and over plain HTTP, unless said otherwise."""
    with ExitStack() as running:

        def start(**given: Any) -> Simulator:
            small = {"replicas": 4, "vms": 2, "points": 3, "tls": False, "rescan_seconds": 0.3}
            return running.enter_context(Simulator(**small | given))

        yield start


@pytest.fixture
def ask(start: Callable[..., Simulator]) -> Callable[..., Caller]:
    """Starts a server and signs in to it."""

    def ask(revision: str = NEWEST, **given: Any) -> Caller:
        return Caller(start(**given), revision).signed_in()

    return ask


@pytest.fixture
def faulty(ask: Callable[..., Caller]) -> Callable[..., Caller]:
    """Signs in to a server, then lays rules upon it."""

    def faulty(*rules: dict[str, Any], **given: Any) -> Caller:
        caller = ask(**given)
        for rule in rules:
            caller.simulator.faults.add(rule)
        return caller

    return faulty
