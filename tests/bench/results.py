"""What was measured, as the table that people read and the JSON that programs do."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Result:
    """One line of the table. With a floor the goal is a ratio to it, without one it is of the same unit as `ours`.

    The goal is the most that is allowed, or, with `at_least`, the least.
    """

    case: str
    ours: float
    goal: float
    unit: str = "s"
    floor: float | None = None
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        return self.ours / self.floor if self.floor else None

    @property
    def is_met(self) -> bool:
        reached = self.ours if self.floor is None else self.ratio
        return reached >= self.goal if self.at_least else reached <= self.goal

    def as_json(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "ours": _short(self.ours),
            "floor": _short(self.floor),
            "unit": self.unit,
            "ratio": _short(self.ratio),
            "goal": self.goal,
            "met": self.is_met,
        }

    def cells(self) -> tuple[str, ...]:
        sign, unit = "≥" if self.at_least else "≤", "×" if self.floor is not None else self.unit
        return (
            self.case,
            _amount(self.ours, self.unit),
            _amount(self.floor, self.unit),
            _amount(self.ratio, "×"),
            f"{sign} {self.goal:,g} {unit}",
            "yes" if self.is_met else "**no**",
        )


HEAD = ("case", "ours", "floor", "ratio", "to reach", "reached")


def table(results: Sequence[Result]) -> str:
    """As Markdown that can be read unrendered, too."""
    rows = [HEAD, *(result.cells() for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def write(results: Sequence[Result], file: Path) -> None:
    """Replaces the file at once, so that nobody reads half of it."""
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps([result.as_json() for result in results], indent=1, ensure_ascii=False) + "\n")
    unfinished.replace(file)


def _short(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _amount(number: float | None, unit: str) -> str:
    if number is None:
        return "–"
    if unit == "×":
        return f"{number:.2f} ×"
    if unit == "s" and number < 1:
        return f"{number * 1000:,.1f} ms"
    return f"{number:,.2f} {unit}" if unit == "s" else f"{number:,.4g} {unit}"
