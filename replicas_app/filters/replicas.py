"""The query string of the list of replicas: all filters and orders of the API's list, and more."""

from django.db.models import Q

from replicas_app.filters import fields
from replicas_app.filters.fields import shown
from replicas_app.filters.listing import ListFilters
from replicas_app.filters.orders import Order
from replicas_app.filters.pieces import Way, way_to
from replicas_app.filters.vocabulary import PLATFORM, STATES, TYPES, WORST_MALWARE, spelled
from replicas_app.models import ReplicaVM
from replicas_app.text import search_pattern


class ReplicaFilters(ListFilters):
    malware = fields.OpenValuesField("Malware", WORST_MALWARE)

    first_order = "name"
    orders = {
        "name": Order(("sort_key",)),
        "created": Order(("created_at",), gaps="null"),
        "platform": Order(("platform",), gaps="blank"),
        "platform_id": Order(("platform_id",), gaps="blank"),
        "job": Order(("job_id",), gaps="blank"),
        "policy": Order(("policy_id",), gaps="blank"),
        "state": Order(("state",), gaps="blank"),
        "type": Order(("type",), gaps="blank"),
        "server": Order(("server__name", "sort_key")),
        "points": Order(("point_count",)),
        "vms": Order(("vm_count",)),
        "newest": Order(("newest_point_at",), gaps="null"),
    }
    facets = {
        "server": "server_id",
        "state": "state",
        "malware": "worst_malware",
        "type": "type",
        "platform": "platform",
    }
    conditions = {
        "q": lambda text: Q(search__like=search_pattern(text)),
        "server": lambda keys: Q(server__in=keys),
        "type": lambda values: TYPES.where("type", values),
        "state": lambda values: STATES.where("state", values),
        "malware": lambda values: WORST_MALWARE.where("worst_malware", values),
        "platform": lambda values: PLATFORM.where("platform", values),
        "platform_id": lambda ids: spelled("platform_id", ids),
        "job": lambda ids: spelled("job_id", ids),
        "policy": lambda ids: spelled("policy_id", ids),
        "created_after": lambda moment: Q(created_at__gte=moment),
        "created_before": lambda moment: Q(created_at__lte=moment),
        "first_seen_after": lambda moment: Q(first_seen_at__gte=moment),
        "first_seen_before": lambda moment: Q(first_seen_at__lte=moment),
        "replica": lambda ids: Q(uuid__in=ids),
        "vm": lambda keys: Q(pk__in=ReplicaVM.objects.filter(pk__in=keys).values("replica")),
    }

    @property
    def elsewhere(self) -> list[Way]:
        """Names of VMs are not the replicas' own: who looks for one finds it in their list."""
        text = self.wishes.get("q", "")
        vms = ReplicaVM.objects.present().search(text).count() if text else 0
        words = f"{vms:,} VM{'' if vms == 1 else 's'} on a replica match{'es' if vms == 1 else ''} {shown(text)}"
        return [Way(f"{words}: see the VMs", way_to("vms", q=text))] if vms else []
