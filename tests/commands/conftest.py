from collections.abc import Iterator

import pytest

from replicas_app.simulator import Simulator
from tests.commands.calling import PASSWORD


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(
        replicas=3, vms=1, points=2, seed=7, still=True, tls=True, username="CORP\\svc", password=PASSWORD
    ) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBR_PW", PASSWORD)
