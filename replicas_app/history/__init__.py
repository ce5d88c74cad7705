"""The past: the inventory of a server as it was, and how far back that reaches."""

from replicas_app.history.inventory import Inventory, NotKept, inventory_at
from replicas_app.history.kept import Kept

__all__ = ["Inventory", "Kept", "NotKept", "inventory_at"]
