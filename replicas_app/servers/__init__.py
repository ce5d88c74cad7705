"""The list of backup servers as people change it: the form, the acts, the removal."""

from replicas_app.servers.acts import (
    WAY_IN,
    Twin,
    accept,
    add,
    change,
    offered_certificate,
    readable,
    switch,
    why_not_read,
)
from replicas_app.servers.drops import Drop, accept_drop, drops_of, mark_of
from replicas_app.servers.form import ServerForm
from replicas_app.servers.removal import Holdings, IsBeingRead, holdings, remove

__all__ = [
    "WAY_IN",
    "Drop",
    "Holdings",
    "IsBeingRead",
    "ServerForm",
    "Twin",
    "accept",
    "accept_drop",
    "add",
    "change",
    "drops_of",
    "holdings",
    "mark_of",
    "offered_certificate",
    "readable",
    "remove",
    "switch",
    "why_not_read",
]
