"""When a job runs: plain arithmetic, so that any moment of a world can be worked out without living through it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """A run each `period`; after `runs` of them, `skipped` periods without any; and again.

    All times are microseconds, relative to the world's epoch. Runs are numbered in the order in which they happen, the
    first one after `phase` is 0, earlier ones are negative; runs that are skipped have no number.
    """

    period: int
    phase: int
    duration: int
    runs: int = 1
    skipped: int = 0

    def start(self, run: int) -> int:
        cycle, within = divmod(run, self.runs)
        return self.phase + (cycle * (self.runs + self.skipped) + within) * self.period

    def last_started(self, moment: int) -> int:
        cycle, rest = divmod(moment - self.phase, (self.runs + self.skipped) * self.period)
        return cycle * self.runs + min(rest // self.period, self.runs - 1)

    def last_finished(self, moment: int) -> int:
        return self.last_started(moment - self.duration)

    def is_running(self, moment: int) -> bool:
        return moment - self.start(self.last_started(moment)) < self.duration

    def pause(self, moment: int) -> float | None:
        """How much of a pause is over, 0 to 1; None while runs take place."""
        if not self.skipped:
            return None
        rest = (moment - self.phase) % ((self.runs + self.skipped) * self.period) - self.runs * self.period
        return rest / (self.skipped * self.period) if rest >= 0 else None
