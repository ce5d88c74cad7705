"""What people may do, by their role, and the one-time links by which they choose a password."""

from datetime import datetime

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from replicas_app.choices import Role
from replicas_app.models import Person

APP = "replicas_app"
OPERATOR_MAY = frozenset({f"{APP}.rescan", f"{APP}.sync"})
ADMIN_MAY = OPERATOR_MAY | {f"{APP}.manage_servers", f"{APP}.manage_people"}
ROLE_MAY = {Role.VIEWER: frozenset(), Role.OPERATOR: OPERATOR_MAY, Role.ADMIN: ADMIN_MAY}

ROLE_WORDS = {
    Role.VIEWER: "reads everything",
    Role.OPERATOR: "also rescans replicas and reads servers again",
    Role.ADMIN: "also manages servers and people",
}


class RoleBackend(ModelBackend):
    """Permissions follow from the role alone: no groups, no rows, no query."""

    def get_all_permissions(self, user_obj: Person, obj: object = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        return set(ADMIN_MAY if user_obj.is_admin else ROLE_MAY.get(user_obj.role, ()))


class Refused(Exception):
    """What was asked for would leave the dashboard without somebody who can manage it; its text says why."""


class LinkTokens(PasswordResetTokenGenerator):
    """Tokens that die when they are used, when a newer one is made, and after settings.PASSWORD_RESET_TIMEOUT."""

    def _make_hash_value(self, user: Person, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.link_made_at}"

    def check_token(self, user: Person | None, token: str | None) -> bool:
        return bool(user) and user.is_active and super().check_token(user, token)


link_tokens = LinkTokens()


def make_link(person: Person, now: datetime) -> str:
    """The path of a new one-time link to set the person's password. Older links stop working."""
    person.link_made_at = now
    person.save(update_fields=["link_made_at"])
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("password-set", args=[uid, link_tokens.make_token(person)])


def change_role(person: Person, role: Role, by: Person) -> None:
    """Raises Refused where it would take the last admin, or an admin their own role."""
    with transaction.atomic():
        _keep_an_admin(person, by, "change your own role", stays_admin=role == Role.ADMIN)
        person.role = role
        person.is_superuser = False
        person.save(update_fields=["role", "is_superuser"])


def deactivate(person: Person, by: Person) -> None:
    """Lock somebody out at once, in every browser. Their password is gone: coming back takes a new link."""
    with transaction.atomic():
        _keep_an_admin(person, by, "deactivate yourself", stays_admin=False)
        person.is_active = False
        person.set_unusable_password()
        person.save(update_fields=["is_active", "password"])


def reactivate(person: Person) -> None:
    person.is_active = True
    person.save(update_fields=["is_active"])


def _keep_an_admin(person: Person, by: Person, what: str, *, stays_admin: bool) -> None:
    """Two admins who demote each other in the same second wait for one another here, and the second is refused."""
    admins = list(Person.objects.active().admins().select_for_update().order_by("pk"))
    if person == by and not stays_admin:
        raise Refused(f"You cannot {what}. Another admin can.")
    if by not in admins:
        raise Refused("You are no longer an admin.")
