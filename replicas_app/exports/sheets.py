"""What each list gives away: its columns, in the values of the API, and the ids behind them."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models.expressions import Combinable

from replicas_app.exports.columns import Column, malware, moment, number, text, words

OF_A_REPLICA = (
    text("type", "replica__type"),
    text("platform", "replica__platform"),
    text("platform_id", "replica__platform_id"),
    text("job_id", "replica__job_id"),
    text("policy_id", "replica__policy_id"),
)


@dataclass(frozen=True)
class Sheet:
    """One list as a file."""

    name: str
    """How the file begins to be called: letters, digits and hyphens."""
    columns: tuple[Column, ...]

    @property
    def heads(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def values(self) -> list[Combinable]:
        return [column.value for column in self.columns]

    @property
    def cells(self) -> list[str]:
        return [column.cell for column in self.columns]

    def of(self, owner: str, pk: int) -> "Sheet":
        """The same columns, of what belongs to one thing: `replica-17-restore-points`."""
        return replace(self, name=f"{owner}-{pk}-{self.name}")

    def file_name(self, suffix: str, now: datetime) -> str:
        """The list, the moment and its zone, valid on every system: `replicas-2026-11-25T133104Z.csv`."""
        return f"{self.name}-{now:%Y-%m-%dT%H%M%SZ}.{suffix}"


REPLICAS = Sheet(
    "replicas",
    (
        text("name"),
        text("state"),
        malware("malware", "worst_malware"),
        number("vms", "vm_count"),
        number("points", "point_count"),
        moment("newest_point_at"),
        text("server", "server__name"),
        moment("created_at"),
        text("type"),
        text("platform"),
        text("job_id"),
        text("policy_id"),
        text("platform_id"),
        number("replica_id", "uuid"),
        moment("removed_at"),
    ),
)

POINTS = Sheet(
    "restore-points",
    (
        text("vm", "vm__name"),
        moment("created_at"),
        malware("malware", "malware"),
        text("state"),
        text("replica", "replica__name"),
        text("server", "server__name"),
        text("platform"),
        text("platform_id"),
        words("operations", "operations"),
        number("point_id", "uuid"),
        number("replica_id", "replica__uuid"),
        moment("removed_at"),
    ),
)

VMS = Sheet(
    "vms",
    (
        text("name"),
        moment("newest_point_at"),
        moment("newest_clean_at"),
        malware("newest_malware", "newest_malware"),
        malware("worst_malware", "worst_malware"),
        text("state", "newest_state"),
        number("points", "point_count"),
        moment("oldest_point_at"),
        text("replica", "replica__name"),
        text("server", "server__name"),
        *OF_A_REPLICA,
        number("vm", "pk"),
        number("replica_id", "replica__uuid"),
    ),
)

RESCANS = Sheet(
    "rescans",
    (
        number("rescan", "pk"),
        text("first_replica", "first_replica_name"),
        number("replicas", "replica_count"),
        text("state"),
        text("server", "server__name"),
        text("asked_by", "asked_by__username"),
        moment("created_at"),
        moment("asked_at"),
        moment("ended_at"),
        text("reason"),
        text("result"),
        text("message"),
        text("error"),
        number("session_id"),
        moment("read_after_at"),
        number("replicas_changed", "changes__replicas"),
        number("points_gained", "changes__points_gained"),
        number("points_lost", "changes__points_lost"),
        number("vms_gained", "changes__vms_gained"),
        number("vms_lost", "changes__vms_lost"),
    ),
)
