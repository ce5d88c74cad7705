"""The four revisions of the API: which words they know, and their spelling of what the world holds.

Inside the simulator everything is in one neutral form: the newest revision's keys, a replica's type `Regular`, job
status and workload in lower case.
"""

from dataclasses import dataclass
from typing import Any

from . import words

REVISIONS = ("1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2")
BUILDS = ("12.3.1.1139", "13.0.0.4967", "13.0.1.180", "13.1.0.411")

Record = dict[str, Any]

_SESSION_KEYS = {"initiatedBy": 1, "relatedSessionId": 2, "algorithm": 3, "progress": 3, "originalSessionId": 3}
_JOB_KEYS = dict.fromkeys(("highPriority", "progressPercent", "nextRunPolicy", "sessionProgress"), 1)
_JOB_KEYS |= dict.fromkeys(("runAfterJob", "backupCopyMode", "isStorageSnapshot"), 1) | {"targetName": 3}
_INFO_KEYS = {"veeamRegistration": 1, "platform": 1}
_TIME_KEYS = {"ianaTimeZoneId": 3}


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision; `place` is its rank among the four, 0 the oldest."""

    name: str
    place: int

    @property
    def is_newest(self) -> bool:
        return self.place == len(REVISIONS) - 1

    @property
    def build(self) -> str:
        """The build of the server that came with this revision."""
        return BUILDS[self.place]

    def known(self, table: dict[str, int]) -> list[str]:
        """The words of an enum that this revision has, in its spelling."""
        found = [word for word, since in table.items() if since <= self.place]
        return [_capital(word) for word in found] if self._spells_capital(table) else found

    def replica(self, record: Record) -> Record:
        found = self._with_platform(record)
        if self.is_newest and found.get("type") == "Regular":
            found["type"] = "Snapshot"
        return found

    def point(self, record: Record) -> Record:
        if self.is_newest:
            return record
        found = self._with_platform(record)
        if self.place < 3 and isinstance(allowed := found.get("allowedOperations"), list):
            found["allowedOperations"] = [word for word in allowed if words.OPERATIONS.get(word, 0) <= self.place]
        if self.place < 1 and found.get("malwareStatus") == "Informative":
            found["malwareStatus"] = "Clean"
        return found

    def session(self, record: Record) -> Record:
        return self._with_platform(self._without(record, _SESSION_KEYS))

    def job(self, record: Record) -> Record:
        found = self._without(record, _JOB_KEYS)
        if self.place < 1:
            found["status"] = {"stopped": "inactive"}.get(found["status"], found["status"])
            found["type"] = {"VSphereBackup": "Backup"}.get(found["type"], found["type"])
        elif self.place > 1:
            found |= {"status": _capital(found["status"]), "workload": _capital(found["workload"])}
        return found

    def task(self, record: Record) -> Record:
        return record

    def server_info(self, record: Record) -> Record:
        return self._without(record, _INFO_KEYS)

    def server_time(self, record: Record) -> Record:
        return self._without(record, _TIME_KEYS)

    def _with_platform(self, record: Record) -> Record:
        if words.PLATFORMS.get(record.get("platformName", ""), 0) > self.place:
            return record | {"platformName": "CustomPlatform"}
        return dict(record)

    def _without(self, record: Record, keys: dict[str, int]) -> Record:
        return {key: value for key, value in record.items() if keys.get(key, 0) <= self.place}

    def _spells_capital(self, table: dict[str, int]) -> bool:
        return self.place > 1 and (table is words.JOB_STATUSES or table is words.WORKLOADS)


def revision(name: str) -> Revision:
    """ValueError for one that is not among the four."""
    return Revision(name, REVISIONS.index(name))


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
