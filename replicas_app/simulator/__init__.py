"""A simulated backup server that speaks the VBR REST API over real HTTP(S), for demos and tests.

It knows nothing of the dashboard: neither its models nor its client (docs/simulator.md).
"""

from .faults import FaultError
from .simulator import Simulator

__all__ = ["FaultError", "Simulator"]
