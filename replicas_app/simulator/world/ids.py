"""Ids that are numbers in disguise: no table has to remember a million of them, and every process makes the same."""

import hashlib
import re

_MASK = (1 << 64) - 1
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
_INVERSES = tuple(pow(factor, -1, 1 << 64) for factor in reversed(_FACTORS))
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def scrambled(number: int) -> int:
    """Another number of 64 bits that looks unrelated; `unscrambled` leads back."""
    number = number * _FACTORS[0] & _MASK
    number = (number ^ number >> 32) * _FACTORS[1] & _MASK
    return number ^ number >> 32


def unscrambled(number: int) -> int:
    for inverse in _INVERSES:
        number ^= number >> 32
        number = number * inverse & _MASK
    return number


class Ids:
    """The UUIDs of one kind of thing in the world of one seed."""

    def __init__(self, seed: int | str, kind: str) -> None:
        digest = hashlib.blake2b(f"{seed}/{kind}".encode(), digest_size=16).digest()
        self._key = int.from_bytes(digest[:8], "big")
        self._salt = int.from_bytes(digest[8:], "big")

    def of(self, number: int) -> str:
        """The UUID (version 4 by its looks) of thing `number`, 0 <= number < 2**64."""
        first = scrambled(number ^ self._key)
        second = first * _FACTORS[0] & _MASK ^ self._salt
        digits = f"{first:016x}{second >> 8:014x}"
        variant = "89ab"[second & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-{variant}{digits[15:18]}-{digits[18:]}"

    def number(self, text: str) -> int | None:
        """The number behind a UUID, None where it is not one of ours."""
        text = text.lower()
        if not _UUID.fullmatch(text):
            return None
        number = unscrambled(int(text[:8] + text[9:13] + text[15:18] + text[20], 16)) ^ self._key
        return number if self.of(number) == text else None

    def noise(self, number: int) -> int:
        """64 bits of chance that belong to thing `number`."""
        return scrambled(number ^ self._salt)
