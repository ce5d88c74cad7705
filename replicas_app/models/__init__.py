"""The tables: people, servers, inventory, activity. Everything is imported from here."""

from replicas_app.models.activity import SyncRun
from replicas_app.models.history import Drop, Event
from replicas_app.models.inventory import Replica, ReplicaVM
from replicas_app.models.people import Person, SignInAttempts
from replicas_app.models.points import RestorePoint
from replicas_app.models.pulse import Part, Pulse
from replicas_app.models.rescans import Rescan, RescanReplica
from replicas_app.models.servers import BackupServer
from replicas_app.models.sweeps import SweptPage

__all__ = [
    "BackupServer",
    "Drop",
    "Event",
    "Part",
    "Person",
    "Pulse",
    "Replica",
    "ReplicaVM",
    "Rescan",
    "RescanReplica",
    "RestorePoint",
    "SignInAttempts",
    "SweptPage",
    "SyncRun",
]
