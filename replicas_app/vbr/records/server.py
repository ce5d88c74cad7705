"""What a backup server says of itself."""

from datetime import datetime
from typing import NamedTuple

from replicas_app.vbr.records import fields
from replicas_app.vbr.records.fields import Row
from replicas_app.vbr.times import Clock


class ServerTime(NamedTuple):
    time: datetime
    time_zone: str
    """In the server's words; not a name from the tz database."""
    skew_seconds: float
    """Their clock minus ours, half the round trip allowed for."""
    round_trip_seconds: float

    @classmethod
    def from_json(cls, row: Row, *, midway: datetime, round_trip_seconds: float) -> "ServerTime":
        """`midway`: when, by our clock, the server is taken to have looked at its own. Raises ValueError."""
        time = fields.needed_time(row, "serverTime", Clock())
        skew_seconds = (time - midway).total_seconds()
        return cls(time, fields.text(row, "timeZone"), skew_seconds, round_trip_seconds)


class ServerInfo(NamedTuple):
    """Administrators only may read it."""

    vbr_id: str
    name: str
    build_version: str
    patches: tuple[str, ...]
    platform: str
    """Windows or Linux; empty before 1.3-rev0."""
    database: str
    database_version: str

    @classmethod
    def from_json(cls, row: Row) -> "ServerInfo":
        """Raises ValueError, with the reason, for an answer that cannot be used."""
        return cls(
            fields.needed_text(row, "vbrId"),
            fields.text(row, "name"),
            fields.text(row, "buildVersion"),
            fields.texts(row, "patches"),
            fields.text(row, "platform"),
            fields.text(row, "databaseVendor"),
            fields.text(row, "sqlServerVersion"),
        )
