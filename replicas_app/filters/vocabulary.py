"""The open values of the API in a query string: how they are asked for, stored and shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from replicas_app.choices import (
    MALWARE_TONES,
    MALWARE_WORDS,
    NO_VALUE,
    NOT_SCANNED_VALUE,
    PLATFORMS,
    REPLICA_STATE_TONES,
    REPLICA_STATES,
    REPLICA_TYPES,
)

NO_POINTS_VALUE = "NoPoints"


@dataclass(frozen=True)
class Vocabulary:
    """What is known of the values of one column. One that is not known here is a value all the same.

    Case does not matter as long as a value is spelled as it is known here, or all in small or in capital letters: so
    much the revisions of the API differ. The same spellings are looked for in the database and counted in Python,
    so that a list and its counts never disagree.
    """

    words: Mapping[str, str]
    """Known value → its words, in the order in which they are offered."""
    tones: Mapping[str, str] = field(default_factory=dict)
    absent: str = NO_VALUE
    """How a query string asks for rows without a value (stored as "")."""
    null: str = ""
    """How it asks for rows where the column is null; "" where none can be."""
    synonyms: Mapping[str, str] = field(default_factory=dict)
    """Known value → the known value that means the same."""

    def where(self, column: str, asked: Iterable[str]) -> Q:
        """The rows whose column holds one of the values that were asked for."""
        stored = self.stored(asked)
        held = Q(**{f"{column}__in": sorted(value for value in stored if value is not None)})
        return held | Q(**{f"{column}__isnull": True}) if None in stored else held

    def stored(self, asked: Iterable[str]) -> set[str | None]:
        """The values of the column that these values of a query string ask for."""
        return set().union(*map(self._stored, asked))

    def asked(self, stored: str | None) -> str:
        """The value by which a query string asks for this value of the column."""
        if stored is None:
            return self.null
        meant = self._meant(stored or self.absent)
        return meant if meant == self.null or stored in self._stored(meant) else stored

    def words_of(self, asked: str) -> str:
        return self.words.get(self._meant(asked), asked)

    def tone_of(self, asked: str) -> str:
        """The tone of a value where values are judged; "" where they only are."""
        return self.tones.get(self._meant(asked), "unknown") if self.tones else ""

    def place_of(self, asked: str) -> tuple[int, str]:
        """Where the value stands among others: known ones in their order, then the unknown by their letters."""
        known, meant = list(self.words), self._meant(asked)
        return (known.index(meant) if meant in known else len(known), asked.casefold())

    def _stored(self, asked: str) -> set[str | None]:
        meant = self._meant(asked)
        if self.null and meant == self.null:
            return {None}
        alike = [meant, *(word for word, twin in self.synonyms.items() if twin == meant)]
        spelled = {spelling for word in alike for spelling in (word, word.lower(), word.upper())}
        return spelled | {asked} | ({""} if meant == self.absent else set())

    def _meant(self, value: str) -> str:
        """The known value that this one is another spelling of, or the value itself."""
        folded = value.casefold()
        known = next((word for word in (*self.words, *self.synonyms) if word.casefold() == folded), value)
        return self.synonyms.get(known, known)


def spelled(column: str, ids: Iterable[str]) -> Q:
    """The rows whose column holds one of these ids, in small or in capital letters."""
    return Q(**{f"{column}__in": sorted({spelling for id in ids for spelling in (id, id.lower(), id.upper())})})


TYPES = Vocabulary(
    {"Snapshot": REPLICA_TYPES["Snapshot"], "CDP": "CDP", NO_VALUE: "No type"}, synonyms={"Regular": "Snapshot"}
)
STATES = Vocabulary(REPLICA_STATES | {NO_VALUE: "No state"}, REPLICA_STATE_TONES)
PLATFORM = Vocabulary(PLATFORMS | {NO_VALUE: "No platform"})
_MALWARE = {status or NOT_SCANNED_VALUE: words for status, words in MALWARE_WORDS.items()}
_TONES = {status or NOT_SCANNED_VALUE: tone for status, tone in MALWARE_TONES.items()}
MALWARE = Vocabulary(_MALWARE, _TONES, absent=NOT_SCANNED_VALUE)
WORST_MALWARE = Vocabulary(
    _MALWARE | {NO_POINTS_VALUE: "No points"}, _TONES, absent=NOT_SCANNED_VALUE, null=NO_POINTS_VALUE
)
"""Of replicas: the worst status among their points; null where they have none."""
