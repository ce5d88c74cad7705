"""Faults on order: rules that make the simulated server misbehave (docs/simulator.md has the grammar)."""

from .kinds import Happening
from .rules import FaultError, Faults, load_rules

__all__ = ["FaultError", "Faults", "Happening", "load_rules"]
