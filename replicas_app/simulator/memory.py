"""What a simulated server remembers over a restart: since when its world runs, and the rescans."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Memory:
    """Kept in `folder`, or nowhere. A folder of another seed gives its epoch only.

    `seen`: until when the points of a replica are known, by its id; `rescans`: the fields of each.
    """

    folder: Path | None
    seed: str
    epoch: int
    seen: dict[str, int] = field(default_factory=dict)
    rescans: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = self._kept()
        self.epoch = kept.get("epoch", self.epoch)
        if kept.get("seed") == self.seed:
            self.seen, self.rescans = kept.get("seen", {}), kept.get("rescans", [])
        self.save()

    def save(self) -> None:
        if self.folder is None:
            return
        draft = self.folder / "world.json.new"
        kept = {"seed": self.seed, "epoch": self.epoch, "seen": self.seen, "rescans": self.rescans}
        draft.write_text(json.dumps(kept))
        draft.replace(self.folder / "world.json")

    def _kept(self) -> dict[str, Any]:
        """Empty at the first start. ValueError where the file is damaged."""
        path = self.folder / "world.json" if self.folder else Path()
        if not path.exists():
            return {}
        try:
            kept = json.loads(path.read_text())
        except ValueError as error:
            raise ValueError(f"{path} is damaged: remove it, and the simulated world begins anew") from error
        return kept if isinstance(kept, dict) else {}
