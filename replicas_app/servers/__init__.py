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
from replicas_app.servers.form import ServerForm
from replicas_app.servers.removal import Holdings, IsBeingRead, holdings, remove

__all__ = [
    "WAY_IN",
    "Holdings",
    "IsBeingRead",
    "ServerForm",
    "Twin",
    "accept",
    "add",
    "change",
    "holdings",
    "offered_certificate",
    "readable",
    "remove",
    "switch",
    "why_not_read",
]
