"""From named values to the query of a request."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from replicas_app.vbr.times import iso

Value = str | int | bool | datetime | Sequence[str] | None


def query_of(values: Mapping[str, Value]) -> list[tuple[str, str]]:
    """The parameters that have a value; one with several values is repeated, as the contract says. Times in UTC."""
    return [(name, _spelled(one)) for name, value in values.items() for one in _each(value)]


def _each(value: Value) -> Sequence[str | int | bool | datetime]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str | int | datetime) else value


def _spelled(value: str | int | bool | datetime) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return iso(value) if isinstance(value, datetime) else str(value)
