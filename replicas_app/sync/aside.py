"""Records that could not be used: set aside with their reasons, and counted."""

from collections import Counter
from dataclasses import dataclass, field

from replicas_app.models import BackupServer
from replicas_app.vbr import Broken

KEPT = 50
"""How many of a run are kept with their reasons; all are counted."""


@dataclass
class Aside:
    """What one run set aside."""

    kept: list[dict[str, str]] = field(default_factory=list)
    """As it stands in `SyncRun.set_aside`."""
    count: int = 0

    def put(self, what: str, id: str, reason: str, count: int = 1) -> None:
        self.count += count
        if len(self.kept) < KEPT:
            self.kept.append({"what": what, "id": id, "reason": reason})

    def forget(self, what: str, count: int) -> None:
        """So many of this kind: they are read once more."""
        self.kept = [entry for entry in self.kept if entry["what"] != what]
        self.count -= count


def were_set_aside(server: BackupServer, what: str, broken: list[Broken]) -> bool:
    """Whether the last full sweep set all of these aside, for the same reasons, and kept that."""
    sweep = server.sync_runs.filter(is_full=True, started_at=server.last_full_at).newest_first().first()
    kept = sweep.set_aside if sweep else []
    return Counter(broken) <= Counter((entry["id"], entry["reason"]) for entry in kept if entry["what"] == what)
