"""The first login of a fresh database."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError

from dashboard import keys
from replicas_app.choices import Role
from replicas_app.models import Person


class NameIsTaken(Exception):
    """No admin can log in, and the name for the first one belongs to somebody who is none."""


@dataclass(frozen=True)
class Login:
    username: str
    password: str
    """Empty where it is not ours to tell: it was set from outside, or has been changed."""


def see_to_it() -> Login:
    """Make an admin if there is none who can log in. The password is told as long as the one that we made is right.

    Raises:
        NameIsTaken
    """
    if Person.objects.active().admins().exists():
        return _as_noted()
    username, password = settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD
    if not password:
        made = _made(settings.DATA_DIR / "first-login.txt")
        username, password = made.username, made.password
    try:
        Person.objects.create_user(username, password=password, role=Role.ADMIN)
    except IntegrityError as problem:
        raise NameIsTaken(username) from problem
    return Login(username, "" if settings.ADMIN_PASSWORD else password)


def _as_noted() -> Login:
    note = settings.DATA_DIR / "first-login.txt"
    if note.exists():
        noted = _made(note)
        person = Person.objects.active().filter(username__iexact=noted.username).first()
        if person and person.check_password(noted.password):
            return noted
    return Login("", "")


def _made(note: Path) -> Login:
    """The login in the note, made now if there is none: it is kept before it is anywhere else."""

    def make() -> str:
        return f"username: {settings.ADMIN_USERNAME}\npassword: {secrets.token_urlsafe(12)}"

    lines = keys.kept(note, make, "ADMIN_PASSWORD").splitlines()
    return Login(*(line.partition(": ")[2] for line in lines[:2]))
