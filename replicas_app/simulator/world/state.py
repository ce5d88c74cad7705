"""What a replica and its points are like at a moment: functions of who they are and the time, nothing is stored."""

from ..clock import DAY, HOUR, MINUTE
from .cast import RUN_OFFSET, Habit, Replica, Vm

FAILOVER_SHARE = 0.8
FAILBACK_SHARE = 0.95
FIRST_SCAN_AFTER = 20 * MINUTE

_FIXED_STATE = {Habit.PERMANENT: "PermanentFailover", Habit.BROKEN: "FailedFailover"}

_VMWARE = (
    "StartViVMSnapshotReplicaFailover",
    "StartViVMSnapshotReplicaPlannedFailover",
    "StartFlrRestore",
    "StartDiskPublish",
)
_FAILED_OVER = (
    "StartViVMSnapshotReplicaPermanentFailover",
    "StartViVMSnapshotReplicaUndoFailover",
    "StartViVMSnapshotReplicaFailback",
)
_BY_STATE: dict[str | None, tuple[str, ...]] = {
    "Failover": _FAILED_OVER,
    "FailedFailover": ("StartViVMSnapshotReplicaUndoFailover",),
    "PermanentFailover": (),
    "Failback": ("StartViVMSnapshotReplicaCommitFailback", "StartViVMSnapshotReplicaUndoFailback"),
    "ReadyToSwitch": (
        "StartViVMSnapshotReplicaSwitchToProductionFailback",
        "ChangeReplicaFailbackSwitchoverTime",
        "StartViVMSnapshotReplicaUndoFailback",
    ),
}
_HYPERV = ("StartHvVMInstantRecovery", "StartEntireVmRestoreHyperV", "StartFlrRestore")


def replica_state(replica: Replica, moment: int) -> str | None:
    """The state at `moment` (since the epoch); None for a CDP replica, which has none."""
    if replica.is_cdp:
        return None
    if fixed := _FIXED_STATE.get(replica.habit):
        return fixed
    pause = replica.schedule.pause(moment)
    if pause is not None:
        return _state_in_pause(pause)
    if replica.schedule.is_running(moment):
        return "Processing"
    return "SureBackup" if replica.habit is Habit.TESTED and _is_tested(moment) else "Ready"


def _state_in_pause(share: float) -> str:
    if share < FAILOVER_SHARE:
        return "Failover"
    return "Failback" if share < FAILBACK_SHARE else "ReadyToSwitch"


def _is_tested(moment: int) -> bool:
    """For an hour every six, the epoch among them."""
    return (moment + 20 * MINUTE) % (6 * HOUR) < HOUR


def point_state(vm: Vm, is_newest: bool, state_of_replica: str | None) -> str | None:
    """The newest point shares what happens to its replica, the older ones rest."""
    if state_of_replica is None or not is_newest:
        return None if vm.replica.is_cdp else "Ready"
    return "Ready" if state_of_replica in {"Processing", "SureBackup"} else state_of_replica


def operations(platform: str, state: str | None) -> tuple[str, ...]:
    if platform == "HyperV":
        return _HYPERV
    return _BY_STATE.get(state, _VMWARE)


def malware(vm: Vm, run: int, age: int, noise: int) -> str | None:
    """What the scans say of a point of this `age`; None while none has looked, or where none ever does."""
    if not vm.scanned or age < FIRST_SCAN_AFTER:
        return None
    if vm.replica.habit is Habit.INFECTED:
        return _found(run, age)
    chance = noise & 1023
    if chance < 3 and HOUR < age < 5 * HOUR:
        return "Suspicious"
    return "Informative" if chance == 1023 and age < DAY else "Clean"


def _found(run: int, age: int) -> str:
    """Suspicious first, infected once somebody has looked closer."""
    place = -run % 7
    if place in {0, 1} and age > 40 * MINUTE:
        return "Infected" if place == 1 and age > HOUR else "Suspicious"
    return "Informative" if place == 4 else "Clean"


def point_number(vm: Vm, run: int) -> int:
    return vm.number << 40 | run + RUN_OFFSET
