"""What a merge did, in numbers."""

from dataclasses import asdict, dataclass

OF_THE_MERGE = {"points_back", "orphans"}
"""What the merge itself needs to know, and no column keeps."""


@dataclass
class Counts:
    """By the names of the columns of `SyncRun`."""

    replicas_added: int = 0
    replicas_changed: int = 0
    replicas_unchanged: int = 0
    replicas_removed: int = 0
    points_added: int = 0
    points_changed: int = 0
    points_unchanged: int = 0
    points_removed: int = 0
    points_back: int = 0
    """Of those that changed, the ones that had been gone."""
    orphans: int = 0
    """Points of a replica that nobody knows: they cannot be stored, and are set aside."""

    def as_columns(self) -> dict[str, int]:
        return {name: count for name, count in asdict(self).items() if name not in OF_THE_MERGE}

    @property
    def points_differ(self) -> bool:
        return bool(self.points_added or self.points_changed or self.points_removed)

    def in_words(self) -> str:
        """What was done, without what was not."""
        done = [f"{count:,} {name.replace('_', ' ')}" for name, count in self.as_columns().items() if count]
        return ", ".join(done) or "nothing stored"
