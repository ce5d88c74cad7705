"""Events to look at, and the sentences in which pages tell them."""

from datetime import UTC, datetime, timedelta

from replicas_app.choices import EventKind
from replicas_app.models import Event
from tests.factories import make_event, make_point, make_replica, make_server, make_vm
from tests.pages.reading import Reading

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(page: Reading) -> list[str]:
    """The sentences of the list, as they stand."""
    return [row.cells[1] for row in page.rows("event")]


def make_day() -> dict[str, Event]:
    """What happened on two servers, by a name of its own; each an hour after the one before."""
    oslo, bergen = make_server("vbr-oslo"), make_server("vbr-bergen")
    tier = make_replica(oslo, "tier 1")
    edge = make_replica(bergen, "edge", state="Failover")
    point = make_point(make_vm(tier, "erp-db"))
    story = {
        "came": (tier, EventKind.APPEARED, "", "Ready"),
        "first": (point.vm, EventKind.FIRST_POINT, "", ""),
        "infected": (point, EventKind.MALWARE, "Clean", "Infected"),
        "cleaned": (point, EventKind.MALWARE, "infected", "Clean"),
        "scanned": (point, EventKind.MALWARE, "", "Clean"),
        "point over": (point, EventKind.STATE, "Ready", "Failover"),
        "over": (edge, EventKind.STATE, "Ready", "Failover"),
        "gone": (edge, EventKind.REMOVED, "Failover", ""),
    }
    moments = (NOON + HOUR * number for number in range(len(story)))
    return {
        name: make_event(thing, kind, old, new, at=next(moments)) for name, (thing, kind, old, new) in story.items()
    }
