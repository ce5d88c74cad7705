"""Numbers with the addresses of exactly the rows that they count."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from replicas_app.filters.vocabulary import Vocabulary
from replicas_app.models import Replica


@dataclass(frozen=True)
class Figure:
    """A number, what it counts, its tone, and where its rows stand."""

    words: str
    count: int
    href: str
    tone: str = ""
    share: float = 0
    """Of the largest figure of its group, in percent: the length of its bar."""


def figures_of(column: str, key: str, vocabulary: Vocabulary) -> list[Figure]:
    """How many replicas hold which value, spellings of one value together, in the vocabulary's order."""
    counts: Counter[str] = Counter()
    for value, count in Replica.objects.present().order_by().values_list(column).annotate(count=Count("pk")):
        counts[vocabulary.asked(value)] += count
    most = max(counts.values(), default=1)
    return [
        Figure(
            vocabulary.words_of(value),
            counts[value],
            replicas_address(**{key: value}),
            vocabulary.tone_of(value),
            share=round(100 * counts[value] / most, 1),
        )
        for value in sorted(counts, key=vocabulary.place_of)
    ]


def replicas_address(**query: object) -> str:
    return _address("replicas", query)


def points_address(**query: object) -> str:
    return _address("restore-points", query)


def _address(page: str, query: Mapping[str, object]) -> str:
    return f"{reverse(page)}?{urlencode(query, doseq=True)}" if query else reverse(page)
