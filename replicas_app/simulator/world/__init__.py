"""What the simulated backup server protects: replicas, their VMs and restore points, and the jobs that make them."""

from .world import Sizes, World

__all__ = ["Sizes", "World"]
