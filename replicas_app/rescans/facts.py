"""A rescan as programs read it: where it stands, how it ended, what it changed."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from replicas_app.models import Rescan, RescanReplica
from replicas_app.rescans.changes import Changes
from replicas_app.rescans.story import Story


def facts(rescan: Rescan) -> dict[str, Any]:
    """Of plain types only."""
    took = Story(rescan, timezone.now()).took
    return {
        "rescan": rescan.pk,
        "server": rescan.server.name,
        "replicas": [str(uuid) for uuid in rescan.replicas.order_by("pk").values_list("uuid", flat=True)],
        "state": rescan.state,
        "session": rescan.session_id and str(rescan.session_id),
        "progress": rescan.progress,
        "result": rescan.result,
        "message": rescan.message,
        "error": rescan.error,
        "error_cause": rescan.error_cause,
        "seconds": took and round(took.total_seconds(), 2),
        "left_out": rescan.left_out,
        "changes": _changes_of(rescan),
    }


def _changes_of(rescan: Rescan) -> dict[str, Any] | None:
    """What it changed, in sums and of each replica that changed; None while nobody knows."""
    if not Changes(rescan, timezone.now()).is_known:
        return None
    changed = rescan.members.filter(has_changed=True).select_related("replica").order_by("pk")
    moments = {"before": rescan.read_before_at, "after": rescan.read_after_at}
    return {
        **{name: moment and moment.isoformat() for name, moment in moments.items()},
        **rescan.changes,
        "changed": [_facts_of(row) for row in changed],
    }


def _facts_of(row: RescanReplica) -> dict[str, Any]:
    names = ("state", "malware", "points", "newest")
    both = {f"{name}_{when}": _plain(getattr(row, f"{name}_{when}")) for name in names for when in ("before", "after")}
    counts = ("points_gained", "points_made_since", "points_lost", "points_restated", "points_rejudged")
    return {
        "replica": str(row.replica.uuid),
        "name": row.replica.name,
        "is_gone": row.is_gone,
        **both,
        "vms_before": len(row.vms_before),
        "vms_after": len(row.vms_after),
        **{name: getattr(row, name) for name in counts},
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
