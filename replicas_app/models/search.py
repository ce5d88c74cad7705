"""The column that answers searches by name, and the one lookup that reads it."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models


@models.TextField.register_lookup
class Like(models.Lookup):
    """`column LIKE pattern`, with the pattern as `text.search_pattern` makes it; a trigram index serves it."""

    lookup_name = "like"
    prepare_rhs = False

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} LIKE {right}", [*left_params, *right_params]


def trigram_index(name: str) -> GinIndex:
    return GinIndex(OpClass("search", name="gin_trgm_ops"), name=name)
