"""What a backup server holds: replicas and restore points. Fields: vbr-api.md, section 4."""

from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from replicas_app.vbr.bodies import may_hold_nul
from replicas_app.vbr.records import fields
from replicas_app.vbr.records.fields import Row, are_plain_uuids
from replicas_app.vbr.records.words import MALWARE_STATUSES, STATES, TYPES
from replicas_app.vbr.times import Clock


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
            fields.needed_word(row, "name"),
            TYPES[fields.word(row, "type")],
            fields.word(row, "jobId"),
            fields.word(row, "policyUniqueId"),
            fields.word(row, "platformName"),
            fields.word(row, "platformId"),
            STATES[fields.word(row, "state")],
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
        return cls(
            fields.identity(row, "id"),
            fields.needed_word(row, "name"),
            fields.identity(row, "replicaId"),
            fields.needed_time(row, "creationTime", clock),
            fields.word(row, "platformName"),
            fields.word(row, "platformId"),
            STATES[fields.word(row, "state")],
            MALWARE_STATUSES[fields.word(row, "malwareStatus")],
            fields.texts(row, "allowedOperations"),
        )

    @classmethod
    def all_from_json(cls, rows: bytes, clock: Clock) -> "list[PointRecord] | None":
        """The same records, had in a third of the time, where every row is as nearly all are; None where one is not."""
        if may_hold_nul(rows):
            return None
        try:
            return cls._all_of(_decode(rows), clock)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    @classmethod
    def _all_of(cls, rows: "list[_PointRow]", clock: Clock) -> "list[PointRecord] | None":
        """Raises ValueError for a text that is no time."""
        read, make = clock.read, tuple.__new__  # the class itself takes as long to call as all of this
        records = [
            make(cls, (
                row.id, row.name, row.replica_id, read(row.creation_time), row.platform_name or "",
                row.platform_id or "", STATES[row.state or ""], MALWARE_STATUSES[row.malware_status or ""],
                row.allowed_operations or (),
            ))
            for row in rows
        ]  # fmt: skip
        is_usual = all(record.created_at and record.name.strip() for record in records)
        ids = [id for record in records for id in (record.id, record.replica_id)]
        return records if is_usual and are_plain_uuids(ids) else None


_Word = Annotated[str, msgspec.Meta(max_length=fields.LONGEST_WORD)]


class _PointRow(msgspec.Struct, rename="camel", gc=False):
    """A restore point as the documents have it. Absent and null are the same."""

    id: str
    name: _Word
    replica_id: str
    creation_time: str
    platform_name: _Word | None = None
    platform_id: _Word | None = None
    state: _Word | None = None
    malware_status: _Word | None = None
    allowed_operations: tuple[str, ...] | None = None


_decode = msgspec.json.Decoder(list[_PointRow]).decode
