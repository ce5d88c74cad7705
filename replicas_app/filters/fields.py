"""Fields that read one key of a query string. A value that cannot be read is told; the good ones of the key count."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Generic, Self, TypeVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from replicas_app.filters.vocabulary import Vocabulary
from replicas_app.text import storable

T = TypeVar("T")
LARGEST_KEY = 2**63 - 1
LONGEST_KEY = len(str(LARGEST_KEY))
"""In digits: Python itself refuses to read a number of some thousands."""
SHOWN_LETTERS = 60
_SPACE_FOR_PLUS = re.compile(r" (\d\d:?\d\d)$")
"""A plus sign that was not encoded arrives as a space: `2026-11-25T00:00:00 01:00`."""


class Unreadable(Exception):
    """One value that means nothing to its field; the message is the sentence that says so."""


class PartlyWrong(ValidationError):
    """What was wrong with a key, and what of it counts all the same."""

    def __init__(self, complaints: list[str], good: object) -> None:
        super().__init__(complaints)
        self.good = good


class WishField(forms.Field, Generic[T]):
    """All values of one key, each read by `read`. Blank ones ask for nothing, equal ones count once."""

    widget = forms.SelectMultiple

    def __init__(self, label: str, **options: object) -> None:
        super().__init__(label=label, required=False, **options)

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: nothing changes it, so every request's form can have the same."""
        return self

    def read(self, text: str) -> T:
        """What the text means. Raises Unreadable."""
        raise NotImplementedError

    def clean(self, value: Sequence[str]) -> object:
        good, complaints = self._sorted_out(value)
        wish = self.wish(list(dict.fromkeys(good)), complaints)
        if complaints:
            raise PartlyWrong(complaints, wish)
        return wish

    def wish(self, good: list[T], complaints: list[str]) -> object:
        return tuple(good)

    def _sorted_out(self, texts: Sequence[str]) -> tuple[list[T], list[str]]:
        good, complaints = [], []
        for text in dict.fromkeys(text.strip() for text in texts):
            if text != storable(text):
                complaints.append(f"{shown(text)} has a character in it that no text can have.")
            elif text:
                try:
                    good.append(self.read(text))
                except Unreadable as complaint:
                    complaints.append(str(complaint))
        return good, complaints


class OneField(WishField[T]):
    """A key that makes sense once: the first readable value counts, and the others are told."""

    def wish(self, good: list[T], complaints: list[str]) -> T | None:
        if len(good) > 1:
            complaints.append(f"It can be given once: only the first one, {self.words(good[0])}, was used.")
        return good[0] if good else None

    def words(self, value: T) -> str:
        return str(value)


class TextsField(WishField[str]):
    """Any texts: an id of a job, of a policy, of a platform. What nobody knows matches nothing."""

    def read(self, text: str) -> str:
        return text


class OpenValuesField(TextsField):
    """Values of an open vocabulary of the API."""

    def __init__(self, label: str, vocabulary: Vocabulary) -> None:
        super().__init__(label)
        self.vocabulary = vocabulary


class KeysField(WishField[int]):
    """Primary keys."""

    def read(self, text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY
        if not is_number or not 0 < int(text) <= LARGEST_KEY:
            raise Unreadable(f"{shown(text)} is not a number from 1 on.")
        return int(text)


class UuidsField(WishField[UUID]):
    def read(self, text: str) -> UUID:
        try:
            return UUID(text)
        except ValueError:
            raise Unreadable(f"{shown(text)} is not an id, which looks like {UUID(int=0)}.") from None


class SearchField(OneField[str]):
    """A pattern as `text.search_pattern` reads it."""

    def read(self, text: str) -> str:
        if not text.strip("*").strip() or text == "=":
            raise Unreadable(f"{shown(text)} alone matches everything: put at least one letter beside it.")
        return text


class MomentField(OneField[datetime]):
    """A date or a moment of ISO 8601, in UTC where it names no zone."""

    def read(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(_SPACE_FOR_PLUS.sub(r"+\1", text) if "T" in text else text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise Unreadable(f"{shown(text)} is not a date and time, such as 2026-11-25 or 2026-11-25T13:30.") from None


class ChoiceOfField(OneField[str]):
    """One of a few words."""

    def __init__(self, label: str, choices: Sequence[str]) -> None:
        super().__init__(label)
        self.choices = choices

    def read(self, text: str) -> str:
        if text not in self.choices:
            raise Unreadable(f"{shown(text)} is not among {', '.join(self.choices)}.")
        return text


class OrderField(OneField[str]):
    """A column to sort by, with a minus in front for descending."""

    def __init__(self, label: str, columns: Sequence[str]) -> None:
        super().__init__(label)
        self.columns = columns

    def read(self, text: str) -> str:
        if text.removeprefix("-") not in self.columns:
            raise Unreadable(f"{shown(text)} is no column to sort by: {', '.join(self.columns)} are.")
        return text


@cache
def order_field(columns: tuple[str, ...]) -> OrderField:
    """One for all requests of a list."""
    return OrderField("Sort", columns)


class PageField(OneField[int]):
    """The number of a page, from 1. How many there are is not known here."""

    def read(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not int(text[:20]):
            raise Unreadable(f"{shown(text)} is not the number of a page.")
        return int(text[:20])


class FlagField(OneField[bool]):
    def read(self, text: str) -> bool:
        if text not in ("0", "1"):
            raise Unreadable(f"{shown(text)} is neither 1 nor 0.")
        return text == "1"


def shown(text: str) -> str:
    """The text as it was typed, in quotation marks, cut where it is long; what cannot be seen is made visible."""
    visible = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return f"“{visible[:SHOWN_LETTERS]}…”" if len(visible) > SHOWN_LETTERS else f"“{visible}”"
