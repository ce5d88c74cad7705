"""The people who use the dashboard: who they are, what they may do, and how fast a password can be guessed."""

from datetime import datetime, timedelta
from typing import Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower

from replicas_app.choices import Role


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def admins(self) -> Self:
        return self.filter(Q(role=Role.ADMIN) | Q(is_superuser=True))

    def by_name(self) -> Self:
        return self.order_by(Lower("username"), "pk")


class PersonManager(UserManager.from_queryset(PersonQuerySet)):
    """`createsuperuser` makes an admin; a name is found however its letters are cased."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(username__iexact=username)

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **fields: object
    ) -> "Person":
        return super().create_superuser(username, email, password, **{"role": Role.ADMIN, **fields})


class Person(AbstractUser):
    """Somebody with a login. What they may do follows from their role alone (`replicas_app.people`)."""

    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER)
    link_made_at = models.DateTimeField(null=True, editable=False)
    """When the newest one-time link to set a password was made: an older one no longer works."""

    objects = PersonManager()

    class Meta:
        db_table = "person"
        verbose_name = "person"
        verbose_name_plural = "people"
        default_permissions = ()
        permissions = [
            ("rescan", "May rescan replicas"),
            ("sync", "May read a server again at once"),
            ("manage_servers", "May add, change and remove servers"),
            ("manage_people", "May add people, and change what they may do"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("username"), name="person_name_once", violation_error_message="Somebody else has this name."
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="person_has_a_known_role"),
        ]

    @property
    def is_admin(self) -> bool:
        return self.is_superuser or self.role == Role.ADMIN


class SignInAttemptsQuerySet(models.QuerySet["SignInAttempts"]):
    def begin(self, username: str, address: str, now: datetime) -> timedelta:
        """Count a try before its password is looked at, so that many at the same moment count too.

        Returns how long it has to wait instead; then it does not count.
        """
        self.filter(last_at__lt=now - SignInAttempts.FORGOTTEN_AFTER).delete()
        with transaction.atomic():
            attempts, _ = self.select_for_update().get_or_create(
                username=_folded(username), address=address, defaults={"last_at": now}
            )
            wait = attempts.wait(now)
            if not wait:
                attempts.failures += 1
                attempts.last_at = now
                attempts.save(update_fields=["failures", "last_at"])
        return wait

    def forget(self, username: str, address: str) -> None:
        """The password was right."""
        self.filter(username=_folded(username), address=address).delete()


class SignInAttempts(models.Model):
    """How often in a row a name was tried from an address without success. A right password removes the row."""

    FREE = 5
    FIRST_WAIT = timedelta(seconds=30)
    LONGEST_WAIT = timedelta(minutes=15)
    FORGOTTEN_AFTER = timedelta(hours=1)

    username = models.CharField(max_length=150)
    address = models.CharField(max_length=64, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    objects = SignInAttemptsQuerySet.as_manager()

    class Meta:
        db_table = "sign_in_attempts"
        constraints = [
            models.UniqueConstraint(fields=["username", "address"], name="attempts_once_per_name_and_address")
        ]

    def __str__(self) -> str:
        return f"{self.failures} wrong passwords for {self.username} from {self.address}"

    def wait(self, now: datetime) -> timedelta:
        """How long the next try has to wait: nothing for the first few, then twice as long each time.

        A last one that lies far ahead was counted before our clock was set back.
        """
        if self.failures < self.FREE or self.last_at > now + self.LONGEST_WAIT:
            return timedelta(0)
        doublings = min(self.failures - self.FREE, 10)
        pause = min(self.FIRST_WAIT * 2**doublings, self.LONGEST_WAIT)
        return max(self.last_at + pause - now, timedelta(0))


def _folded(username: str) -> str:
    return username.lower()[:150]
