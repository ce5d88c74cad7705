"""Keys that nobody set: made once, kept in the data folder, read by every process after that."""

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

from dashboard.environment import Misconfigured


def secret_key(data: Path) -> str:
    """The key that signs sessions and links."""
    return kept(data / "secret-key", lambda: secrets.token_urlsafe(48), "SECRET_KEY")


def credential_key(data: Path) -> str:
    """The key that opens the passwords of backup servers. Without it they have to be typed again."""
    return kept(data / "credential-key", lambda: Fernet.generate_key().decode(), "CREDENTIAL_KEYS")


def new_password() -> str:
    return secrets.token_hex(16)


def checked(credential_keys: list[str]) -> list[str]:
    """The keys, if each can be one.

    Raises:
        Misconfigured: one cannot; its text says how to make one, and not what was set.
    """
    try:
        return [Fernet(key) and key for key in credential_keys]
    except ValueError:
        raise Misconfigured(
            "CREDENTIAL_KEYS must hold Fernet keys with commas between them: 32 random bytes each, as URL-safe base64."
        ) from None


def kept(file: Path, make: Callable[[], str], variable: str) -> str:
    """The text in `file`, made now if there is none; of two processes that make it at once, both get the same.

    Raises:
        Misconfigured: the file can be neither read nor written; `variable` is what to set instead.
    """
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_unless_there(file, make())
        return file.read_text().strip()
    except OSError as problem:
        raise Misconfigured(
            f"{variable} is not set, and {file} cannot be used for it: {problem.strerror}. Set {variable}, or DATA_DIR"
            " to a folder of your own."
        ) from None


def _write_unless_there(file: Path, text: str) -> None:
    """Give the whole text its name in one step: nobody ever reads half a key."""
    descriptor, unnamed = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "w") as new:
            new.write(text + "\n")
            new.flush()
            os.fsync(new.fileno())
        os.link(unnamed, file)
    except FileExistsError:
        return
    finally:
        Path(unnamed).unlink()
