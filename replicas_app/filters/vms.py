"""The query string of the list of VMs, and of the restore points of one VM."""

from django.db.models import Q, QuerySet

from replicas_app.filters import fields
from replicas_app.filters.keys import among
from replicas_app.filters.lines import Lines
from replicas_app.filters.listing import ListFilters
from replicas_app.filters.orders import Order
from replicas_app.filters.points import PointFilters, ReplicaPointFilters
from replicas_app.filters.vocabulary import PLATFORM, STATES, TYPES, WORST_MALWARE, spelled
from replicas_app.models import Replica, ReplicaVM
from replicas_app.text import search_pattern
from replicas_app.timeline import SPANS

VM_LINES = Lines(ReplicaVM.objects.lines())
FEW = 1000
"""Fewer rows than these are looked up first; more are met soon enough by whoever goes through all in their order."""


def _matching(text: str) -> Q:
    """VMs whose name matches, and those on a replica of which any parameter does."""
    vms, replicas = ReplicaVM.objects.search(text), Replica.objects.search(text)
    named = _few("pk", vms) or Q(search__like=search_pattern(text))
    return named | (_few("replica", replicas) or Q(replica__in=replicas))


def _few(column: str, rows: QuerySet) -> Q | None:
    """The condition that names the keys of these rows; None where they are many."""
    keys = list(rows.values_list("pk", flat=True)[: FEW + 1])
    return Q(**{f"{column}__in": keys}) if len(keys) <= FEW else None


class VMFilters(ListFilters):
    """State is that of the newest point, malware that of the worst; type, platform and ids are the replica's."""

    q = fields.SearchField("VM, replica or id")
    malware = fields.OpenValuesField("Malware", WORST_MALWARE)
    created_after = fields.MomentField("Newest point after")
    created_before = fields.MomentField("Newest point before")

    first_order = "name"
    orders = {
        "name": Order(("sort_key",)),
        "newest": Order(("newest_point_at",), gaps="null"),
        "clean": Order(("newest_clean_at",), gaps="null"),
        "malware": Order(("worst_malware", "sort_key"), gaps="blank"),
        "state": Order(("newest_state", "sort_key"), gaps="blank"),
        "points": Order(("point_count",)),
        "replica": Order(("replica__sort_key", "replica_id", "sort_key")),
        "server": Order(("server__name", "sort_key")),
        "platform": Order(("replica__platform", "sort_key"), gaps="blank"),
        "platform_id": Order(("replica__platform_id", "sort_key"), gaps="blank"),
        "job": Order(("replica__job_id", "sort_key"), gaps="blank"),
        "policy": Order(("replica__policy_id", "sort_key"), gaps="blank"),
    }
    facets = {
        "server": "server_id",
        "state": "newest_state",
        "malware": "worst_malware",
        "type": "replica__type",
        "platform": "replica__platform",
    }
    conditions = {
        "q": _matching,
        "server": lambda keys: Q(server__in=keys),
        "type": lambda values: TYPES.where("replica__type", values),
        "state": lambda values: STATES.where("newest_state", values),
        "malware": lambda values: WORST_MALWARE.where("worst_malware", values),
        "platform": lambda values: PLATFORM.where("replica__platform", values),
        "platform_id": lambda ids: spelled("replica__platform_id", ids),
        "job": lambda ids: among("replica", Replica.objects.filter(spelled("job_id", ids))),
        "policy": lambda ids: among("replica", Replica.objects.filter(spelled("policy_id", ids))),
        "created_after": lambda moment: Q(newest_point_at__gte=moment),
        "created_before": lambda moment: Q(newest_point_at__lte=moment),
        "first_seen_after": lambda moment: Q(first_seen_at__gte=moment),
        "first_seen_before": lambda moment: Q(first_seen_at__lte=moment),
        "replica": lambda ids: among("replica", Replica.objects.filter(uuid__in=ids)),
        "vm": lambda keys: Q(pk__in=keys),
    }

    elsewhere = PointFilters.elsewhere
    """A replica of which no VM is known, as of a CDP one, is found in its own list."""


class VMPointFilters(ReplicaPointFilters):
    """The points of one VM, on its page. `span` is how far back the line above them reaches."""

    vm = None
    q = fields.SearchField("Id")
    span = fields.ChoiceOfField("Span", list(SPANS))

    conditions = {name: condition for name, condition in ReplicaPointFilters.conditions.items() if name != "vm"}
    unseen = (*ReplicaPointFilters.unseen, "span")
