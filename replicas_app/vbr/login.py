"""Getting and keeping a token: one login serves all who share the keyring."""

import html
import json
import logging
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from urllib.parse import quote, quote_plus

from replicas_app.vbr.errors import Unavailable, VbrError
from replicas_app.vbr.keyring import Keyring, Token

logger = logging.getLogger(__name__)

Ask = Callable[[Mapping[str, str]], Token]
"""Posts a form to the server's token address and gives what it answers. Raises VbrError."""

COUNTS_AGAINST_THE_ACCOUNT = ("login", "locked", "mfa", "role", "licence", "server")
_KEEPS_THE_REFRESH_TOKEN = ("busy", "version", "between", "port")
"""Answers to a refresh after which the refresh token is still good, and a password would fare no better."""
_ENCODED = re.compile(r"%[0-9A-F]{2}")


class Login:
    def __init__(self, username: str, password: str, keyring: Keyring, ask: Ask) -> None:
        self._username = username
        self._password = password
        self._keyring = keyring
        self._ask = ask
        self._token: Token | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may stand in no message."""
        tokens = (self._token.access, self._token.refresh) if self._token else ()
        return (*self._spellings, *tokens)

    @cached_property
    def _spellings(self) -> tuple[str, ...]:
        """The password as a server may quote it out of our request: as it is, or encoded for some place."""
        password = self._password
        encoded = [encode(password, safe="", errors="replace") for encode in (quote, quote_plus)]
        small = [_ENCODED.sub(lambda found: found[0].lower(), text) for text in encoded]
        quoted = [json.dumps(password, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
        every = (password, *encoded, *small, html.escape(password), *quoted)
        return tuple(sorted(set(every), key=len, reverse=True))

    def access(self, *, refused: str = "") -> str:
        """An access token that is good by the clock and is not the one that the server just refused.

        Raises VbrError when the server gives none, or the keyring forbids to ask.
        """
        token = self._token
        if not _is_usable(token, refused):
            token = self._keyring.load()
        if not _is_usable(token, refused):
            token = self._obtain(refused)
        self._token = token
        return token.access

    def sign_in(self) -> None:
        """By the password, whatever token there is."""
        with self._keyring.exclusive():
            self._token = self._by_password()

    def forget(self) -> Token | None:
        """The token that is no longer kept; None if there was none."""
        with self._keyring.exclusive():
            token = self._keyring.load()
            self._keyring.save(None)
        self._token = None
        return token

    def _obtain(self, refused: str) -> Token:
        """One at a time: whoever waited finds the token that the one before brought."""
        with self._keyring.exclusive():
            self._token = token = self._keyring.load()  # what the server says of it must not be quoted either
            if _is_usable(token, refused):
                return token
            return (token and token.refresh and self._by_refresh(token)) or self._by_password()

    def _by_refresh(self, old: Token) -> Token | None:
        """None: the server does not take it, so it is forgotten and the password has to do."""
        try:
            token = self._ask({"grant_type": "refresh_token", "refresh_token": old.refresh})
        except VbrError as error:
            if not error.sent or error.cause in _KEEPS_THE_REFRESH_TOKEN:
                raise
            self._keyring.save(None)
            if isinstance(error, Unavailable) and error.status is None:
                raise  # it may have been used up on a server that does not answer: the next login takes the password
            logger.info("refresh refused (%s, status %s), signing in again", error.cause, error.status)
            return None
        self._keyring.save(token)
        return token

    def _by_password(self) -> Token:
        self._keyring.before_sign_in()
        try:
            token = self._ask({"grant_type": "password", "username": self._username, "password": self._password})
        except VbrError as error:
            if error.cause in COUNTS_AGAINST_THE_ACCOUNT:
                self._keyring.sign_in_refused(error)
            raise
        self._keyring.sign_in_succeeded()
        self._keyring.save(token)
        logger.info("signed in as %s", self._username)
        return token


def _is_usable(token: Token | None, refused: str) -> bool:
    return token is not None and token.access != refused and token.is_fresh()
