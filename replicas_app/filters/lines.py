"""The lines of a page, read by the keys of its rows."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.query import create_namedtuple_class

KEYS = object()
"""Stands in a statement where the keys of a page come."""


@models.BigAutoField.register_lookup
class OneOf(models.Lookup):
    """`column = ANY(array)`: one parameter, however many keys there are, so that the statement stays the same."""

    lookup_name = "one_of"
    prepare_rhs = False

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*left_params, self.rhs]


class Lines:
    """The lines with these keys, in any order. The statement is put together once: Django needs as long for that as
    Postgres for its answer.
    """

    def __init__(self, rows: QuerySet) -> None:
        """`rows`: of `values_list(…, named=True)`, with columns that come out of the database as they are."""
        self._rows = rows

    def __call__(self, keys: Sequence[int]) -> list[Any]:
        statement, parameters = self._statement
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(keys) if one is KEYS else one for one in parameters])
            return list(map(self._line._make, cursor.fetchall()))

    @cached_property
    def _statement(self) -> tuple[str, tuple[object, ...]]:
        return self._rows.order_by().filter(pk__one_of=KEYS).query.sql_with_params()

    @cached_property
    def _line(self) -> type[Any]:
        return create_namedtuple_class(*self._rows._fields)
