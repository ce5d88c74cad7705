"""Rows that belong to rows of another table."""

from django.db.models import Q, QuerySet

FEW = 10_000


def among(column: str, rows: QuerySet) -> Q:
    """Those whose `column` is the key of one of these rows.

    Where they are few, they are looked up first: Postgres, which only guesses how many they are, would else read a
    million rows, the newest first, for want of one that belongs to them.
    """
    few = list(rows.values_list("pk", flat=True)[: FEW + 1])
    return Q(**{f"{column}__in": few if len(few) <= FEW else rows})
