"""The words of the API and of the dashboard.

The API's own enums are open: a value that is not in these tables is stored as it came and shown as it is. The tables
only give known values their words and their tone; nothing here decides what may be stored.
"""

from django.db import models


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"


class TrustMode(models.TextChoices):
    """How a backup server's certificate is judged."""

    SYSTEM = "system", "The system's certificate authorities"
    BUNDLE = "bundle", "A CA bundle of your own"
    PIN = "pin", "One pinned certificate"
    OFF = "off", "Not checked (anybody may stand in between)"


class SyncTrigger(models.TextChoices):
    SCHEDULE = "schedule", "on schedule"
    PERSON = "person", "by hand"
    SHELL = "shell", "from the shell"
    RESCAN = "rescan", "after a rescan"


class SyncState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Done"
    PARTIAL = "partial", "Incomplete"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


SYNC_OPEN = (SyncState.QUEUED, SyncState.RUNNING)


class RescanState(models.TextChoices):
    QUEUED = "queued", "Waiting its turn"
    ASKING = "asking", "Asking the server"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Success"
    WARNING = "warning", "Warning"
    FAILED = "failed", "Failed"
    NOT_STARTED = "not_started", "Not started"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Not known"
    CANCELLED = "cancelled", "Cancelled"


RESCAN_OPEN = (RescanState.QUEUED, RescanState.ASKING, RescanState.RUNNING)
RESCAN_ON_SERVER = (RescanState.ASKING, RescanState.RUNNING)


class EventKind(models.TextChoices):
    APPEARED = "appeared", "appeared"
    REMOVED = "removed", "is gone"
    REAPPEARED = "reappeared", "is back"
    STATE = "state", "changed its state"
    MALWARE = "malware", "changed its malware status"
    FIRST_POINT = "first_point", "has its first restore point"
    LAST_POINT = "last_point", "lost its last restore point"


class EventAbout(models.TextChoices):
    """What an event is of."""

    REPLICA = "replica", "Replica"
    VM = "vm", "VM"
    POINT = "point", "Restore point"


REPLICA_STATES = {
    "Ready": "Ready",
    "Processing": "Processing",
    "SureBackup": "In SureBackup",
    "Failover": "Failover",
    "FailedFailover": "Failed failover",
    "PermanentFailover": "Permanent failover",
    "Failback": "Failback",
    "ReadyToSwitch": "Ready to switch",
}
REPLICA_STATE_TONES = {
    "Ready": "ok",
    "Processing": "unknown",
    "SureBackup": "unknown",
    "Failover": "late",
    "FailedFailover": "critical",
    "PermanentFailover": "late",
    "Failback": "late",
    "ReadyToSwitch": "late",
}
FAILED_OVER_STATES = ("Failover", "FailedFailover", "PermanentFailover", "Failback", "ReadyToSwitch")

NOT_SCANNED = ""
"""A restore point without malware status was not scanned. That is not the same as clean."""
NOT_SCANNED_VALUE = "NotScanned"
"""How a query string asks for it (some servers send it, too): an empty value there asks for nothing."""
COMMON_MALWARE = (NOT_SCANNED, "Clean")
"""What nearly all points are; an index holds the others."""
NO_VALUE = "none"
"""How a query string asks for what has no state, type or platform."""
MALWARE_WORDS = {
    "Clean": "Clean",
    "Informative": "Informative",
    NOT_SCANNED: "Not scanned",
    "Suspicious": "Suspicious",
    "Infected": "Infected",
}
MALWARE_TONES = {
    "Clean": "ok",
    "Informative": "unknown",
    NOT_SCANNED: "unknown",
    "Suspicious": "late",
    "Infected": "critical",
}
MALWARE_SEVERITY = {"Clean": 0, NOT_SCANNED: 1, "Informative": 2, "Suspicious": 4, "Infected": 5}
UNKNOWN_MALWARE_SEVERITY = 3
"""A status in no document is worse than an informative one and not yet a suspicion."""

REPLICA_TYPES = {"Regular": "Snapshot", "Snapshot": "Snapshot", "CDP": "CDP"}
"""1.3-rev2 renames Regular to Snapshot; both mean the same to a person."""

PLATFORMS = {
    "VMware": "VMware",
    "HyperV": "Hyper-V",
    "CloudDirector": "Cloud Director",
    "WindowsPhysical": "Windows machine",
    "LinuxPhysical": "Linux machine",
    "CustomPlatform": "Custom platform",
    "EntraID": "Entra ID",
    "UnstructuredData": "Unstructured data",
    "MongoDb": "MongoDB",
    "AWSEC2": "AWS EC2",
    "AzureCompute": "Azure",
    "GCE": "Google Cloud",
    "Nutanix": "Nutanix",
    "Proxmox": "Proxmox",
}

OPERATIONS = {
    "StartViVMInstantRecovery": "Instant recovery to VMware",
    "StartEntireVmRestore": "Restore the entire VM",
    "StartEntireVmRestoreCloudDirector": "Restore the entire VM to Cloud Director",
    "StartFCDInstantRecovery": "Instant recovery of a first class disk",
    "StartFlrRestore": "Restore single files",
    "StartViVMSnapshotReplicaFailover": "Fail over to this point",
    "StartViVMSnapshotReplicaPlannedFailover": "Planned failover",
    "StartViVMSnapshotReplicaPermanentFailover": "Make the failover permanent",
    "StartViVMSnapshotReplicaUndoFailover": "Undo the failover",
    "StartViVMSnapshotReplicaFailback": "Fail back to production",
    "StartViVMSnapshotReplicaUndoFailback": "Undo the failback",
    "StartViVMSnapshotReplicaCommitFailback": "Commit the failback",
    "StartViVMSnapshotReplicaSwitchToProductionFailback": "Switch to production",
    "ChangeReplicaFailbackSwitchoverTime": "Change the time of the switch to production",
    "StartHvVMInstantRecovery": "Instant recovery to Hyper-V",
    "StartEntireVmRestoreHyperV": "Restore the entire VM to Hyper-V",
    "StartDiskPublish": "Publish disks",
}


def state_words(state: str) -> str:
    """As for malware and platforms: what is in no table keeps the API's own word."""
    return REPLICA_STATES.get(state, state)


def state_tone(state: str) -> str:
    return REPLICA_STATE_TONES.get(state, "unknown")


def malware_words(status: str | None) -> str:
    """None, and no word for it: there is nothing that could be scanned."""
    return "" if status is None else MALWARE_WORDS.get(status, status)


def malware_tone(status: str | None) -> str:
    return MALWARE_TONES.get(status or NOT_SCANNED, "unknown")


def platform_words(platform: str) -> str:
    return PLATFORMS.get(platform, platform)
