"""Reading the fields of a record: what identifies a thing is insisted upon, the rest is taken as it comes.

Absent and null are the same. A value of another type than the documents say breaks its record, whatever the field:
what we cannot read must not look like something that we know. All raise ValueError, whose text is the reason that is
counted and shown.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from replicas_app.vbr.times import Clock

Row = Mapping[str, Any]

LONGEST_WORD = 500
"""In letters, of a name, an id, a state. vSphere's longest name has 80; an index of Postgres holds 2,700 bytes."""

_SHAPE = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
_DIGITS_TO_X = bytes.maketrans(b"0123456789abcdefx", b"xxxxxxxxxxxxxxxx?")


def is_plain_uuid(text: str) -> bool:
    """Whether it is a UUID in its usual spelling, lower case."""
    return text.encode().translate(_DIGITS_TO_X) == _SHAPE


def are_plain_uuids(texts: Collection[str]) -> bool:
    """The same of all at once, in a tenth of the time."""
    shapes = "".join(texts).encode().translate(_DIGITS_TO_X)
    return shapes == _SHAPE * len(texts) and all(len(text) == len(_SHAPE) for text in texts)


def identity(row: Row, key: str) -> str:
    """A UUID in its usual spelling, lower case."""
    value = row.get(key)
    if type(value) is not str:
        raise _wrong(key, value)
    return value if is_plain_uuid(value) else _spelled_uuid(key, value)


def word(row: Row, key: str) -> str:
    """A text as it came, of no more than `LONGEST_WORD` letters; empty when absent."""
    return _no_longer(key, text(row, key))


def needed_word(row: Row, key: str) -> str:
    """The same where it must not be blank."""
    return _no_longer(key, needed_text(row, key))


def needed_text(row: Row, key: str) -> str:
    """A text that is not blank."""
    value = row.get(key)
    if type(value) is not str:
        raise _wrong(key, value)
    if not value.strip():
        raise ValueError(f"{key} is empty")
    return value


def text(row: Row, key: str) -> str:
    """A text as it came; empty when absent."""
    value = row.get(key)
    if type(value) is str:
        return value
    if value is None:
        return ""
    raise _wrong(key, value)


def needed_time(row: Row, key: str, clock: Clock) -> datetime:
    value = row.get(key)
    if type(value) is not str:
        raise _wrong(key, value)
    return moment(key, value, clock)


def moment(key: str, value: str, clock: Clock) -> datetime:
    """What a needed time's text means."""
    found = _time(key, value, clock)
    if found is None:
        raise ValueError(f"{key} is a placeholder ({value[:40]})")
    return found


def time(row: Row, key: str, clock: Clock) -> datetime | None:
    """None when absent, blank, or a placeholder for "not set"."""
    value = row.get(key)
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise _wrong(key, value)
    return _time(key, value, clock)


def number(row: Row, key: str) -> int | None:
    value = row.get(key)
    if value is None or type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise _wrong(key, value)


def flag(row: Row, key: str) -> bool | None:
    value = row.get(key)
    if value is None or type(value) is bool:
        return value
    raise _wrong(key, value)


def texts(row: Row, key: str) -> tuple[str, ...]:
    """A list of texts; empty when absent."""
    value = row.get(key)
    if value is None:
        return ()
    if type(value) is list:
        try:
            "".join(value)  # refuses what is no text, at the speed of C
        except TypeError:
            raise ValueError(f"{key} holds something that is no text") from None
        return tuple(value)
    raise _wrong(key, value)


def part(row: Row, key: str) -> Row:
    """A record inside the record; empty when absent."""
    value = row.get(key)
    if value is None:
        return {}
    if type(value) is dict:
        return value
    raise _wrong(key, value)


def _time(key: str, value: str, clock: Clock) -> datetime | None:
    try:
        return clock.read(value)
    except ValueError:
        raise ValueError(f"{key} is no time ({value[:40]})") from None


def _no_longer(key: str, value: str) -> str:
    if len(value) > LONGEST_WORD:
        raise ValueError(f"{key} is longer than {LONGEST_WORD} characters")
    return value


def _spelled_uuid(key: str, value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValueError(f"{key} is no UUID ({value[:40]})") from None


def _wrong(key: str, value: object) -> ValueError:
    return ValueError(f"{key} is missing" if value is None else f"{key} has the wrong type ({type(value).__name__})")
