"""What the list of events gives away."""

from django.db.models import Case, F, When

from replicas_app.choices import EventKind
from replicas_app.exports.columns import HARMLESS, Column, Scanned, moment, number, text
from replicas_app.exports.sheets import Sheet


def _value(name: str) -> Column:
    """One side of the change, in the API's words: a malware status is never empty."""
    return Column(name, Case(When(kind=EventKind.MALWARE, then=Scanned(F(name))), default=F(name)), HARMLESS)


EVENTS = Sheet(
    "activity",
    (
        moment("seen_at", "at"),
        text("what", "kind"),
        text("of"),
        text("replica", "replica__name"),
        text("vm", "vm__name"),
        moment("point_created_at", "point__created_at"),
        _value("old"),
        _value("new"),
        text("server", "server__name"),
        number("replica_id", "replica__uuid"),
        number("vm_id", "vm"),
        number("point_id", "point__uuid"),
        number("run"),
        number("event", "pk"),
    ),
)
