"""Secrets at rest: encrypted with the keys of `settings.CREDENTIAL_KEYS`, the first of which encrypts anew."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableSecret(Exception):
    """None of our keys opens this secret: it was written under a key that is no longer in CREDENTIAL_KEYS."""


def encrypt(secret: str) -> str:
    """The secret as an opaque ASCII text. Any text may be kept, lone surrogates included."""
    return _keys().encrypt(secret.encode("utf-8", "surrogatepass")).decode("ascii")


def decrypt(encrypted: str) -> str:
    """The secret behind the text that `encrypt` gave.

    Raises:
        UnreadableSecret: no key fits.
    """
    try:
        return _keys().decrypt(encrypted.encode("ascii")).decode("utf-8", "surrogatepass")
    except InvalidToken:
        raise UnreadableSecret(
            "The stored secret cannot be opened with the keys in CREDENTIAL_KEYS. Type the password again."
        ) from None


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
