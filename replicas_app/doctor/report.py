"""What a connection test found: steps in their order, each with its proof and, where it failed, the fix."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

PASSED = "ok"
WARNED = "late"
FAILED = "critical"
OPEN = "unknown"
"""The outcomes of a step, in the words of the look (`data-status`)."""

NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Step:
    """The answer to one question. `detail` is the proof in a few words, `fix` what to do, in whole sentences."""

    status: str
    detail: str = ""
    fix: str = ""
    cause: str = ""
    """Where it failed: a code of `vbr.causes`."""
    key: str = ""
    title: str = ""

    @property
    def was_asked(self) -> bool:
        return self.status != OPEN

    def titled(self, key: str, title: str) -> "Step":
        return replace(self, key=key, title=title)


@dataclass
class Report:
    """A whole test. `certificate` is what the server showed, if it got that far: facts, no secrets."""

    address: str
    steps: list[Step] = field(default_factory=list)
    seconds: float = 0.0
    certificate: dict[str, Any] | None = None

    @property
    def passed(self) -> bool:
        """Whether the dashboard can read this server: nothing failed. What was not tried does not count."""
        return all(step.status != FAILED for step in self.steps)

    @property
    def verdict(self) -> str:
        """The outcome in one sentence."""
        failed = next((step for step in self.steps if step.status == FAILED), None)
        return f"“{failed.title}” fails: {failed.detail}." if failed else "Everything that the dashboard needs works."

    def as_json(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "passed": self.passed,
            "verdict": self.verdict,
            "seconds": round(self.seconds, 2),
            "certificate": self.certificate,
            "steps": [asdict(step) for step in self.steps],
        }
