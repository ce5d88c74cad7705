"""Text that came from outside: made fit for Postgres, for sorting, for searching, for sentences. No database."""

import re
import unicodedata
from collections.abc import Sequence

_DIGITS = re.compile(r"\d+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DIGIT_WIDTH = 12
_LONGEST_KEY = 500
"""In letters: padded and taken apart, a name grows, and an index of Postgres holds 2,700 bytes."""


def storable(text: str) -> str:
    """The text with U+FFFD for each character that Postgres cannot hold: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def sort_key(text: str) -> str:
    """The key by which names sort for people on every Postgres, compared byte by byte (collation C).

    Case is folded, a letter with a mark stands at its letter (ä at a), and runs of digits are padded, so that vm9
    comes before vm10. What stands farther back than any name reaches does not count.
    """
    plain = text.lower() if text.isascii() else _without_marks(text.casefold())
    return _DIGITS.sub(_padded, plain)[:_LONGEST_KEY]


def _without_marks(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _padded(digits: re.Match[str]) -> str:
    return digits[0].zfill(_DIGIT_WIDTH)


def search_lines(*values: str | None) -> str:
    """The values, folded, each on a line of its own with a line break before and after.

    One column and one trigram index so answer all four ways to search: contains, begins (after a line break), ends
    (before one), is exactly (between two).
    """
    on_one_line = "\0".join(filter(None, values)).replace("\n", " ")
    return "\n" + on_one_line.replace("\0", "\n").casefold() + "\n"


def search_pattern(query: str) -> str:
    r"""The LIKE pattern over `search_lines` for what a person typed.

    `abc` contains, `abc*` begins, `*abc` ends, `*abc*` contains, `=abc` is exactly that. `%`, `_`, a backslash and a
    `*` inside the text mean themselves.
    """
    folded = " ".join(query.casefold().split("\n"))
    if folded.startswith("=") and len(folded) > 1:
        return f"%\n{_escaped(folded[1:])}\n%"
    begins, ends = folded.endswith("*"), folded.startswith("*")
    text = _escaped(folded.removeprefix("*").removesuffix("*"))
    if begins == ends:
        return f"%{text}%"
    return f"%\n{text}%" if begins else f"%{text}\n%"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def names_of(names: Sequence[str], count: int) -> str:
    """`tier 1, tier 2 and tier 3`; where there are more than these, `tier 1, tier 2, tier 3 and 37 more`."""
    if more := count - len(names):
        return f"{', '.join(names)} and {more:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
