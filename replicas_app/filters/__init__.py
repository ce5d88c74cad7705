"""Query strings → querysets: what the lists' addresses mean, what is wrong with them, and what they lead to."""

from replicas_app.filters.points import PointFilters, ReplicaPointFilters
from replicas_app.filters.replicas import ReplicaFilters

__all__ = ["PointFilters", "ReplicaFilters", "ReplicaPointFilters"]
