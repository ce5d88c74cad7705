"""The form that narrows a list: what its fields show, what is wrong beside them, and what goes along with them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django import forms

from replicas_app.filters.pieces import MomentField, TextField

BROWSER_MOMENT = "%Y-%m-%dT%H:%M:%S.%f"
"""As a `datetime-local` field takes it, but for the last three digits."""


@dataclass(frozen=True)
class Narrowing:
    """Of a query string that was read. The keys of fields that a list does not have are passed over."""

    query: forms.Form
    unseen_keys: Iterable[str]
    """Those that the form has no field for."""
    moment_keys: Iterable[str]
    text_keys: Iterable[str]

    @property
    def q(self) -> str:
        """The text to search for, as it came."""
        return next(iter(self.query.data.getlist("q")), "")

    @property
    def kept(self) -> list[tuple[str, str]]:
        """(key, value) of what the form has no field for, so that it goes on when the form is sent."""
        data = self.query.data
        return [(key, str(value)) for key in self.unseen_keys for value in data.getlist(key) if value.strip()]

    @property
    def moments(self) -> list[MomentField]:
        held = self.query.cleaned_data
        return [
            MomentField(key, label, f"{held[key]:{BROWSER_MOMENT}}"[:-3] if held[key] else "", self.beside[key])
            for key, label in self._labels(self.moment_keys)
        ]

    @property
    def texts(self) -> list[TextField]:
        held = self.query.cleaned_data
        return [TextField(key, label, held[key], self.beside[key]) for key, label in self._labels(self.text_keys)]

    @property
    def beside(self) -> dict[str, list[str]]:
        """Key → what is wrong with it, for every field beside which that is told; empty where nothing is."""
        keys = ("q", *self.moment_keys, *self.text_keys)
        return {key: self.query.errors.get(key, []) for key, _ in self._labels(keys)}

    def _labels(self, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
        return ((key, self.query.fields[key].label) for key in keys if key in self.query.fields)
