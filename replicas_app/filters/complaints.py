"""What of a query string could not be used, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms

from replicas_app.filters import fields
from replicas_app.filters.addresses import NOT_KEPT, Address

NOT_YET = {
    "rpo": "RPO is not judged yet, so this was not used; the ages of the newest points are shown.",
    "columns": "Columns cannot be chosen yet: all are shown.",
}
UNKNOWN_KEY = "This list cannot be narrowed by it, so it was not used."


@dataclass(frozen=True)
class Complaint:
    """What is wrong with one key, and where the same list stands without it."""

    name: str
    label: str
    words: str
    href: str


def complaints_of(query: forms.Form, address: Address) -> Iterator[Complaint]:
    """The values that mean nothing, then the keys that nobody knows."""
    for name, errors in query.errors.items():
        for words in errors:
            yield Complaint(name, query.fields[name].label, words, address.without(name))
    for key in query.data:
        if key not in query.fields and key not in NOT_KEPT:
            yield Complaint(key, fields.shown(key), NOT_YET.get(key, UNKNOWN_KEY), address.without(key))
