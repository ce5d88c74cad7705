from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack.running import Dashboard


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    """Starts dashboards; all of them are gone after the test. Without a folder, on one with a space in its path."""
    started: list[Dashboard] = []

    def start(data: Path | None = None, **variables: str) -> Dashboard:
        started.append(Dashboard(data or tmp_path / "my data", **variables))
        return started[-1]

    yield start
    for dashboard in started:
        dashboard.end()


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One that runs, for all tests of a module that only look at it."""
    running = Dashboard(tmp_path_factory.mktemp("running") / "my data")
    try:
        yield running.ready()
    finally:
        running.end()
