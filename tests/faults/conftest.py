"""The simulated server of the tests of syncs, as it is."""

from tests.sync.conftest import server, simulator, swept

__all__ = ["server", "simulator", "swept"]
