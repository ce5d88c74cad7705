"""What a backup server holds: replicas and restore points. Fields: vbr-api.md, section 4."""

from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from replicas_app.vbr.records import fields
from replicas_app.vbr.records.fields import Row, are_plain_uuids
from replicas_app.vbr.records.words import MALWARE_STATUSES, STATES, TYPES
from replicas_app.vbr.times import Clock

_always_there = itemgetter("id", "name", "replicaId", "creationTime", "platformName", "platformId", "allowedOperations")


class ReplicaRecord(NamedTuple):
    id: str
    name: str
    """The job's name by the documents: not unique, and not the VM's."""
    type: str
    """Regular (Snapshot from 1.3-rev2 on) or CDP in these letters, or what else comes."""
    job_id: str
    """Need not lead to a job that the API knows."""
    policy_id: str
    platform: str
    platform_id: str
    state: str
    """Empty for CDP replicas."""
    created_at: datetime | None
    """None for CDP replicas."""

    @classmethod
    def from_json(cls, row: Row, clock: Clock) -> "ReplicaRecord":
        """Raises ValueError, with the reason, for a record that cannot be used."""
        return cls(
            fields.identity(row, "id"),
            fields.needed_text(row, "name"),
            TYPES[fields.text(row, "type")],
            fields.text(row, "jobId"),
            fields.text(row, "policyUniqueId"),
            fields.text(row, "platformName"),
            fields.text(row, "platformId"),
            STATES[fields.text(row, "state")],
            fields.time(row, "creationTime", clock),
        )

    @property
    def is_cdp(self) -> bool:
        return self.type.casefold() == "cdp"


class PointRecord(NamedTuple):
    id: str
    name: str
    """The VM's name: the only place where the API has it."""
    replica_id: str
    created_at: datetime
    platform: str
    platform_id: str
    """As it came: a zero GUID is common."""
    state: str
    malware_status: str
    """Empty: not scanned, which is not the same as clean."""
    allowed_operations: tuple[str, ...]

    @classmethod
    def from_json(cls, row: Row, clock: Clock) -> "PointRecord":
        """Raises ValueError, with the reason, for a record that cannot be used."""
        return cls._plain(row, clock) or cls(
            fields.identity(row, "id"),
            fields.needed_text(row, "name"),
            fields.identity(row, "replicaId"),
            fields.needed_time(row, "creationTime", clock),
            fields.text(row, "platformName"),
            fields.text(row, "platformId"),
            STATES[fields.text(row, "state")],
            MALWARE_STATUSES[fields.text(row, "malwareStatus")],
            fields.texts(row, "allowedOperations"),
        )

    @classmethod
    def _plain(cls, row: Row, clock: Clock) -> "PointRecord | None":
        """The same record, had in half the time, of a row as nearly all are; None for one that needs a closer look."""
        try:
            id, name, replica_id, created, platform, platform_id, operations = _always_there(row)
            state, malware = row.get("state", ""), row.get("malwareStatus", "")
            is_plain = (
                str is type(id) is type(name) is type(replica_id) is type(created) is type(platform)
                is type(platform_id) is type(state) is type(malware)
                and type(operations) is list and name.strip() and are_plain_uuids(id, replica_id)
            )  # fmt: skip
            "".join(operations)
        except (KeyError, TypeError, UnicodeError):
            return None
        if not is_plain:
            return None
        moment = fields.moment("creationTime", created, clock)
        state, malware = STATES[state], MALWARE_STATUSES[malware]
        values = (id, name, replica_id, moment, platform, platform_id, state, malware, tuple(operations))
        return tuple.__new__(cls, values)
