"""The query string of the list of rescans."""

from collections.abc import Mapping
from functools import cached_property

from django.db.models import Q

from replicas_app.choices import RescanState
from replicas_app.filters import fields
from replicas_app.filters.facets import Facet, choices_of_servers
from replicas_app.filters.listing import ListFilters
from replicas_app.filters.orders import Order
from replicas_app.filters.pieces import listed
from replicas_app.filters.vocabulary import Vocabulary
from replicas_app.models import Person, Rescan, RescanReplica
from replicas_app.text import search_pattern

OUTCOMES = Vocabulary(
    {str(state): str(state.label) for state in RescanState},
    {str(state): Rescan(state=state).tone for state in RescanState},
)


def having(**replica: object) -> Q:
    """The rescans with a replica of which this holds."""
    members = RescanReplica.objects.filter(**{f"replica__{name}": value for name, value in replica.items()})
    return Q(pk__in=members.values("rescan"))


class RescanFilters(ListFilters):
    type = platform = platform_id = job = policy = removed = first_seen_after = first_seen_before = None
    q = fields.SearchField("Replica or reason")
    state = fields.OpenValuesField("State", OUTCOMES)
    person = fields.KeysField("Person")
    created_after = fields.MomentField("Asked after")
    created_before = fields.MomentField("Asked before")

    shows_removed = False
    hangs_on_inventory = False
    first_order = "-created"
    orders = {
        "created": Order(("created_at",)),
        "server": Order(("server__name", "created_at")),
        "person": Order(("asked_by__username", "created_at"), gaps="null"),
        "replicas": Order(("replica_count",)),
        "state": Order(("state", "created_at")),
    }
    facets = {"state": "state", "server": "server_id", "person": "asked_by_id"}
    conditions = {
        "q": lambda text: having(search__like=search_pattern(text)) | Q(reason__icontains=text.strip("*=")),
        "server": lambda keys: Q(server__in=keys),
        "state": lambda values: OUTCOMES.where("state", values),
        "person": lambda keys: Q(asked_by__in=keys),
        "replica": lambda ids: having(uuid__in=ids),
        "vm": lambda keys: having(vms__in=keys),
        "created_after": lambda moment: Q(created_at__gte=moment),
        "created_before": lambda moment: Q(created_at__lte=moment),
    }

    def clean(self) -> None:
        super().clean()
        if unknown := [fields.shown(str(key)) for key in self.cleaned_data["person"] if key not in self.person_names]:
            self._complain("person", f"Nobody who asked for a rescan is known by {listed(unknown)}.")

    @cached_property
    def person_names(self) -> Mapping[object, str]:
        """Everybody who ever asked for one."""
        people = Person.objects.filter(pk__in=Rescan.objects.values("asked_by")).order_by("username")
        return dict(people.values_list("pk", "username"))

    def _words(self, name: str, wish: object) -> list[str]:
        return (
            [self.person_names.get(key, str(key)) for key in wish] if name == "person" else super()._words(name, wish)
        )

    def _facet(self, name: str, counted: Mapping[object, int] | None) -> Facet:
        if name != "person":
            return super()._facet(name, counted)
        choices = choices_of_servers(self.person_names, self.wishes.get(name, ()), counted)
        return Facet(name, self.fields[name].label, choices, self.errors.get(name, []))
