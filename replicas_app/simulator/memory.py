"""What a simulated server remembers over a restart: since when its world runs, and which rescans it has seen."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Memory:
    """Kept in `folder`, or nowhere. A folder of another seed gives its epoch only."""

    folder: Path | None
    seed: str
    epoch: int
    seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = self._kept()
        self.epoch = kept.get("epoch", self.epoch)
        self.seen = kept.get("seen", {}) if kept.get("seed") == self.seed else {}
        self.save()

    def save(self) -> None:
        if self.folder is None:
            return
        draft = self.folder / "world.json.new"
        draft.write_text(json.dumps({"seed": self.seed, "epoch": self.epoch, "seen": self.seen}))
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
