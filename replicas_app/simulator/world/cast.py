"""Who is in the world: replicas with their VMs and their habits, the same for the same seed and sizes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from ..clock import DAY, HOUR, MINUTE, SECOND
from .ids import Ids
from .names import job_name, vm_name
from .schedule import Schedule

ZERO_ID = "00000000-0000-0000-0000-000000000000"
RUN_OFFSET = 1 << 39  # runs before the epoch are negative: with this they are numbers for an id


class Habit(Enum):
    """What makes a replica worth looking at."""

    PLAIN = "nothing special"
    LAGGING = "one of its VMs has not been replicated for days"
    FAILOVER = "fails over and back"
    FAILBACK = "is on its way back"
    PERMANENT = "was failed over for good"
    BROKEN = "its failover failed"
    CDP = "continuous protection: neither state nor creation time"
    HYPERV = "its job is not in the API"
    EMPTY = "holds no VM"
    INFECTED = "malware was found"
    UNSEEN = "new points are seen only after a rescan"
    ODD = "odd names"
    WARNS = "its rescans end in Warning"
    FAILS = "its rescans end in Failed"
    OTHER = "a platform that only the newest revision knows"
    TESTED = "SureBackup runs on it"


PATTERN = (
    Habit.PLAIN,
    Habit.LAGGING,
    Habit.FAILOVER,
    Habit.CDP,
    Habit.HYPERV,
    Habit.EMPTY,
    Habit.INFECTED,
    Habit.UNSEEN,
    Habit.PLAIN,
    Habit.ODD,
    Habit.FAILBACK,
    Habit.WARNS,
    Habit.CDP,
    Habit.PERMANENT,
    Habit.PLAIN,
    Habit.BROKEN,
    Habit.PLAIN,
    Habit.FAILS,
    Habit.OTHER,
    Habit.TESTED,
)
TWIN = 16  # this one in each pattern replicates the VMs of the one before the last, to another place, in its name

_PERIODS = (15 * MINUTE, HOUR, HOUR, 4 * HOUR, 12 * HOUR, DAY, DAY)
_PERIOD_OF = {Habit.INFECTED: HOUR, Habit.LAGGING: HOUR, Habit.CDP: 15 * MINUTE}
_MOST_DAYS = 10_000  # of daily points before a link was lost: as many as a VM may keep, within living memory
_LOST_LINK = {Habit.PERMANENT, Habit.BROKEN}


@dataclass(slots=True)
class Vm:
    """One VM on a replica and how its points come about."""

    number: int
    name: str
    platform_id: str
    schedule: Schedule
    keeps: int
    scanned: bool
    replica: "Replica" = field(repr=False)


@dataclass(slots=True)
class Replica:
    number: int
    id: str
    name: str
    habit: Habit
    job_id: str
    platform: str
    platform_id: str | None
    policy: str | None
    age: int
    schedule: Schedule
    vms: list[Vm] = field(default_factory=list, repr=False)

    @property
    def is_cdp(self) -> bool:
        return self.habit is Habit.CDP

    @property
    def job_is_known(self) -> bool:
        """Whether `jobs/states` has its job."""
        return self.habit not in {Habit.CDP, Habit.HYPERV, Habit.PERMANENT, Habit.OTHER}


def cast(seed: int | str, replicas: int, vms: int, points: "PointCounts") -> list[Replica]:
    """All replicas of a world. The same arguments give the same replicas, in every process."""
    maker = _Maker(seed, vms, points)
    return [maker.replica(number) for number in range(replicas)]


class PointCounts:
    """How many points each VM keeps: `points` for each, or as many in total, spread evenly."""

    MOST_PER_VM = 1000

    def __init__(self, replicas: int, vms: int, points: int) -> None:
        with_vms = sum(habit_of(number) is not Habit.EMPTY for number in range(replicas)) * vms
        if points <= self.MOST_PER_VM or not with_vms:
            self._base, self._more = points, 0
        else:
            self._base, self._more = divmod(points, with_vms)

    def each(self) -> Iterator[int]:
        given = 0
        while True:
            yield self._base + (given < self._more)
            given += 1


def habit_of(number: int) -> Habit:
    return PATTERN[number % len(PATTERN)]


class _Maker:
    def __init__(self, seed: int | str, vms: int, points: PointCounts) -> None:
        self._seed = seed
        self._vms = vms
        self._keeps = points.each()
        self._replica_ids = Ids(seed, "replica")
        self._job_ids = Ids(seed, "job")
        self._platform_ids = Ids(seed, "platform")
        self._made: list[Vm] = []

    def replica(self, number: int) -> Replica:
        chance = Random(f"{self._seed}/{number}")  # noqa: S311  chance for a play, not for a secret
        habit = habit_of(number)
        replica = Replica(
            number=number,
            id=self._replica_ids.of(number),
            name=self._name(number, habit, chance),
            habit=habit,
            job_id=ZERO_ID if habit is Habit.PERMANENT else self._job_ids.of(number),
            platform={Habit.HYPERV: "HyperV", Habit.OTHER: "Proxmox"}.get(habit, "VMware"),
            platform_id=(ZERO_ID, ZERO_ID, None, self._platform_ids.of(number % 3))[number % 4],
            policy=f"policy-{number % 5 + 1}" if number % 3 == 0 or habit is Habit.CDP else None,
            age=chance.randrange(30, 900) * DAY + chance.randrange(DAY),
            schedule=_schedule(habit, chance),
        )
        if habit is not Habit.EMPTY:
            replica.vms = [self._vm(replica, place, chance) for place in range(self._vms)]
        return replica

    def _name(self, number: int, habit: Habit, chance: Random) -> str:
        if number % len(PATTERN) == TWIN:
            twin = number - 2
            return job_name(twin, False, Random(f"{self._seed}/{twin}"))  # noqa: S311
        return job_name(number, habit is Habit.ODD, chance)

    def _vm(self, replica: Replica, place: int, chance: Random) -> Vm:
        vm = Vm(
            number=len(self._made),
            name=self._vm_name(replica, place, chance),
            platform_id=replica.platform_id or ZERO_ID,
            schedule=_lagging(chance) if replica.habit is Habit.LAGGING and place == 0 else replica.schedule,
            keeps=next(self._keeps),
            scanned=replica.habit not in {Habit.HYPERV, Habit.CDP} and chance.random() > 0.1,
            replica=replica,
        )
        self._made.append(vm)
        return vm

    def _vm_name(self, replica: Replica, place: int, chance: Random) -> str:
        if replica.number % len(PATTERN) == TWIN:
            return self._made[-2 * self._vms].name
        return vm_name(len(self._made), replica.habit is Habit.ODD or place == 7, chance)


def _schedule(habit: Habit, chance: Random) -> Schedule:
    """Habits that show at the epoch have their cycle begin where they do show."""
    period = _PERIOD_OF.get(habit) or chance.choice(_PERIODS)
    duration = min(period // 5, chance.randrange(3, 16) * MINUTE)
    since = chance.randrange(period)
    if habit is Habit.FAILOVER:
        return Schedule(HOUR, -(60 * HOUR + chance.randrange(2, 7) * HOUR - since % HOUR), duration, 60, 12)
    if habit is Habit.FAILBACK:
        return Schedule(HOUR, -(70 * HOUR + chance.randrange(11 * HOUR, 11 * HOUR + 30 * MINUTE)), duration, 70, 12)
    if habit in _LOST_LINK:
        return Schedule(DAY, -(_MOST_DAYS * DAY + chance.randrange(2 * DAY)), duration, _MOST_DAYS, 100_000)
    return Schedule(period, -since, duration)


def _lagging(chance: Random) -> Schedule:
    """An hourly VM that fails for a week now and then; at the epoch for five days."""
    behind = 5 * DAY - chance.randrange(HOUR) - 10 * SECOND
    return Schedule(HOUR, -(500 * HOUR + behind), 8 * MINUTE, 500, 7 * 24)
