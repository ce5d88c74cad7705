"""What a merge did, in numbers."""

from dataclasses import asdict, dataclass


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
    orphans: int = 0
    """Points of a replica that nobody knows: they cannot be stored. No column: they are set aside."""

    def as_columns(self) -> dict[str, int]:
        return {name: count for name, count in asdict(self).items() if name != "orphans"}

    def in_words(self) -> str:
        """What was done, without what was not."""
        done = [f"{count:,} {name.replace('_', ' ')}" for name, count in self.as_columns().items() if count]
        return ", ".join(done) or "nothing stored"
