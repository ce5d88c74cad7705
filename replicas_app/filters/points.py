"""The query string of the lists of restore points: the same filters over all replicas and servers, and malware."""

from dataclasses import replace
from functools import cached_property
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from replicas_app.filters import fields
from replicas_app.filters.fields import shown
from replicas_app.filters.keys import among
from replicas_app.filters.lines import Lines
from replicas_app.filters.listing import ListFilters
from replicas_app.filters.orders import Order
from replicas_app.filters.owners import Owners
from replicas_app.filters.pages import ShorterWay
from replicas_app.filters.pieces import Way, way_to
from replicas_app.filters.stretches import Stretch, Stretches, around
from replicas_app.filters.vocabulary import MALWARE, PLATFORM, STATES, TYPES, spelled
from replicas_app.models import BackupServer, Replica, ReplicaVM, RestorePoint
from replicas_app.text import search_pattern

POINT_LINES = Lines(RestorePoint.objects.lines())
FEW = 1_000
"""VMs that are looked up by their names before their points are."""
FEW_POINTS = 10_000
"""So many are counted at once."""
OWNERS = {"name": (ReplicaVM, "vm"), "replica": (Replica, "replica")}
"""Orders → those by whose names they sort, and the column of the points that names them."""
WHOLE_OWNERS = {"server"}
"""Wishes that leave an owner all its points, or none."""
COMMON = {"state": "Ready", "malware": "Clean"}
"""Orders → the value that nearly all points have there; of those with another one there is an index."""
COMMON_MALWARE = ("", "Clean")
"""What nearly all points are."""


def _on(replicas: QuerySet) -> Q:
    """The points of these replicas. Those without any, as CDP ones are, would be looked for in vain."""
    return among("replica", replicas.filter(Exists(RestorePoint.objects.filter(replica=OuterRef("pk")))))


def _matching(text: str) -> Q:
    """Points of a VM whose name matches or of a replica of which any parameter does."""
    pattern = search_pattern(text)
    return Q(vm__search__like=pattern) | Q(replica__search__like=pattern)


def _with_id(text: str) -> Q:
    """The point whose id was typed; none where it is no id."""
    try:
        return among("pk", RestorePoint.objects.with_uuid(UUID(text.removeprefix("="))))
    except ValueError:
        return Q(pk__in=[])


class PointFilters(ListFilters):
    malware = fields.OpenValuesField("Malware", MALWARE)

    first_order = "-created"
    orders = {
        "created": Order(("created_at",)),
        "name": Order(("vm__sort_key", "vm_id", "created_at")),
        "replica": Order(("replica__sort_key", "replica_id", "created_at")),
        "server": Order(("server__name", "created_at")),
        "state": Order(("state",), gaps="blank"),
        "malware": Order(("malware",), gaps="blank"),
        "platform": Order(("platform",), gaps="blank"),
        "platform_id": Order(("platform_id",), gaps="blank"),
    }
    facets = {"server": "server_id", "malware": "malware", "state": "state", "platform": "platform"}
    conditions = {
        "q": lambda text: _matching(text) | _with_id(text),
        "server": lambda keys: Q(server__in=keys),
        "type": lambda values: _on(Replica.objects.filter(TYPES.where("type", values))),
        "state": lambda values: STATES.where("state", values),
        "malware": lambda values: MALWARE.where("malware", values),
        "platform": lambda values: PLATFORM.where("platform", values),
        "platform_id": lambda ids: spelled("platform_id", ids),
        "job": lambda ids: _on(Replica.objects.filter(spelled("job_id", ids))),
        "policy": lambda ids: _on(Replica.objects.filter(spelled("policy_id", ids))),
        "created_after": lambda moment: Q(created_at__gte=moment),
        "created_before": lambda moment: Q(created_at__lte=moment),
        "first_seen_after": lambda moment: Q(first_seen_at__gte=moment),
        "first_seen_before": lambda moment: Q(first_seen_at__lte=moment),
        "replica": lambda ids: _on(Replica.objects.filter(uuid__in=ids)),
        "vm": lambda keys: Q(vm__in=keys),
    }

    def condition(self, name: str, wish: object) -> Q:
        """Few VMs are looked up before their points are. Where they are many, the points are walked in their order
        instead, for soon enough of them match.
        """
        if name == "q" and self._few_vms is not None:
            return Q(vm__in=list(self._few_vms)) | _with_id(wish)
        return super().condition(name, wish)

    @property
    def is_short(self) -> bool:
        vms = self._few_vms if "q" in self.wishes and not self.shows_removed else None
        return vms is not None and sum(vms.values()) <= FEW_POINTS

    @cached_property
    def _few_vms(self) -> dict[int, int] | None:
        """VM → its points, of those that `q` finds by their own names or by their replica; None where they are many."""
        vms, replicas = ReplicaVM.objects, Replica.objects.search(self.wishes["q"])
        found = vms.search(self.wishes["q"]).values_list("pk", "point_count")
        on_replicas = vms.filter(replica__in=replicas).values_list("pk", "point_count")
        few = list(found.union(on_replicas, all=True)[: FEW + 1])
        return dict(few) if len(few) <= FEW else None

    @property
    def order(self) -> Order:
        """Where few points can match, names are sorted when those are found: Postgres, which thinks that it will soon
        have met enough of them, would else walk through all points in the order of the names.
        """
        order = super().order
        is_by_name = self.sorting.name in ("name", "replica")
        return replace(order, gaps="blank") if is_by_name and self._asks_for_alarms else order

    @property
    def way(self) -> ShorterWay | None:
        name, is_descending = self.sorting.name, self.sorting.is_descending
        if self.shows_removed or self.wishes.keys() - WHOLE_OWNERS:
            return None
        if name in OWNERS:
            model, column = OWNERS[name]
            servers = {"server__in": self.wishes["server"]} if "server" in self.wishes else {}
            return Owners(model.objects.filter(**servers), column, is_descending)
        if name in COMMON and not self.wishes:
            return around(name, COMMON[name], is_descending)
        return self._by_server if name == "server" else None

    @property
    def _by_server(self) -> Stretches:
        stretches = [Stretch(Q(server=server.pk), ("created_at", "pk")) for server in self.servers_in_sight]
        is_descending = self.sorting.is_descending
        return Stretches(stretches[::-1] if is_descending else stretches, is_descending)

    @property
    def _asks_for_alarms(self) -> bool:
        asked = MALWARE.stored(self.wishes.get("malware", ()))
        return bool(asked) and asked.isdisjoint(COMMON_MALWARE)

    @property
    def elsewhere(self) -> list[Way]:
        """A replica without a restore point, as a CDP one is, is found in its own list."""
        text = self.wishes.get("q", "")
        replicas = Replica.objects.present().search(text).count() if text else 0
        words = f"{replicas:,} replica{'' if replicas == 1 else 's'} match{'es' if replicas == 1 else ''} {shown(text)}"
        return [Way(f"{words}: see the replicas", way_to("replicas", q=text))] if replicas else []


class ReplicaPointFilters(PointFilters):
    """The points of one replica, on its page: what all of them have in common narrows nothing."""

    server = type = job = policy = replica = None
    way = None

    orders = {name: order for name, order in PointFilters.orders.items() if name not in ("replica", "server")}
    facets = {name: column for name, column in PointFilters.facets.items() if name != "server"}
    conditions = {
        name: condition
        for name, condition in PointFilters.conditions.items()
        if name not in ("server", "type", "job", "policy", "replica")
    }

    @property
    def servers_in_sight(self) -> list[BackupServer]:
        """None: the page around the list says how fresh it is."""
        return []

    @property
    def elsewhere(self) -> list[Way]:
        return []
