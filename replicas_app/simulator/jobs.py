"""`jobs/states`: the replication jobs as far as the API shows them, and a few backup jobs beside them."""

from .clock import DAY, HOUR, Clock
from .history import History
from .revisions import Record
from .world import World
from .world.cast import Replica
from .world.ids import Ids

_BACKUP_JOBS = ("Backup Tier 1", "Backup Tier 2 (täglich)", "Backup to object storage")


class Jobs:
    """States of jobs. What a replica's `jobId` names is not always among them."""

    def __init__(self, world: World, history: History, clock: Clock, seed: int | str) -> None:
        self._world = world
        self._history = history
        self._clock = clock
        self._backup_ids = Ids(seed, "backup job")
        self._repository_id = Ids(seed, "repository").of(0)

    def all(self) -> list[Record]:
        found = [self._replication(replica) for replica in self._world.cast if replica.job_is_known]
        return found + [self._backup(number) for number in range(len(_BACKUP_JOBS))]

    def _replication(self, replica: Replica) -> Record:
        found = self._common(replica.job_id, replica.name, "VSphereReplica", len(replica.vms))
        run = self._history.last_run(replica)
        if run is None:
            return found
        session = self._history.job_run(replica, run)
        runs_now = session["state"] != "Stopped"
        found |= {
            "status": "running" if runs_now else "stopped",
            "lastResult": session["result"]["result"],
            "lastRun": session["creationTime"],
            "sessionId": session["id"],
            "progressPercent": session["progressPercent"],
            "sessionProgress": session["progress"],
        }
        coming = self._world.epoch + replica.schedule.start(run + 1)
        return found | {"nextRun": self._clock.text(coming), "nextRunPolicy": self._clock.text(coming)}

    def _backup(self, number: int) -> Record:
        found = self._common(self._backup_ids.of(number), _BACKUP_JOBS[number], "VSphereBackup", 4 + number)
        last = self._world.epoch - (number + 2) * HOUR
        return found | {
            "status": "disabled" if number == 2 else "stopped",
            "lastResult": ("Success", "Warning", "None")[number],
            "lastRun": self._clock.text(last),
            "nextRun": self._clock.text(last + DAY),
            "nextRunPolicy": "daily",
            "repositoryId": self._repository_id,
            "repositoryName": "repo-nas-01",
        }

    def _common(self, id: str, name: str, type: str, objects: int) -> Record:
        return {
            "id": id,
            "name": name,
            "type": type,
            "description": "",
            "status": "stopped",
            "lastResult": "None",
            "workload": "vm",
            "objectsCount": objects,
            "highPriority": False,
            "progressPercent": 0,
            "isStorageSnapshot": False,
        }
