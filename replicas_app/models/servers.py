"""The backup servers: how to reach them, and what is known of them and since when."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self

from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import Lower
from django.urls import reverse

from replicas_app import crypt
from replicas_app.choices import SYNC_OPEN, TrustMode

DEFAULT_INTERVAL_SECONDS = 300
MISSED_INTERVALS_UNTIL_STALE = 3
LONGEST_BUSY = timedelta(days=1)
"""No server is left alone for longer because it says so: a moment farther ahead is of a clock that was set back."""
IN_LISTS = (
    "name",
    "is_enabled",
    "sync_interval_seconds",
    "trust",
    "pinned_sha256",
    "clock_skew_seconds",
    "last_success_at",
    "last_full_at",
    "last_error",
    "last_error_cause",
    "doubt",
    "history_from",
    "data_version",
    "rows_version",
)
"""The columns of which lists say something: names, ages, and what stands in the way of newer data."""


class BackupServerQuerySet(models.QuerySet["BackupServer"]):
    def enabled(self) -> Self:
        return self.filter(is_enabled=True)

    def due(self, now: datetime) -> Self:
        """Enabled servers whose next sync is due and that no sync is open for.

        One whose turn lies more than two intervals ahead is due, too: it was planned before our clock was set back, or
        before its interval was made shorter. One that found itself left alone after refused logins is not due again
        before that pause is over, and one that said when it wants to be asked again not before that.
        """
        farthest = ExpressionWrapper(now + F("sync_interval_seconds") * timedelta(seconds=2), models.DateTimeField())
        is_due = Q(next_sync_at__lte=now) | Q(next_sync_at__gt=farthest)
        waits = Q(last_error_cause="paused", sign_in_paused_until__gt=now)
        is_busy = Q(busy_until__gt=now, busy_until__lte=now + LONGEST_BUSY)
        return self.enabled().filter(is_due).exclude(sync_runs__state__in=SYNC_OPEN).exclude(waits | is_busy)

    def same_installation(self, server: "BackupServer") -> Self:
        """The other rows that turned out to lead to the same backup server, by the id that it tells of itself."""
        return self.exclude(pk=server.pk).exclude(vbr_id="").filter(vbr_id=server.vbr_id).by_name()

    def version(self, now: datetime) -> str:
        """Another text whenever something that was read of these servers, or the word for its age, is another one."""
        state = [(server.pk, server.data_version, server.is_stale(now)) for server in self.order_by("pk")]
        return sha256(repr(state).encode()).hexdigest()[:16]

    def by_name(self) -> Self:
        return self.order_by("name", "pk")

    def for_lists(self) -> Self:
        """By name, with what lists say of them: no secrets, no reports, and nothing that only a sync needs."""
        return self.by_name().only(*IN_LISTS)


class BackupServer(models.Model):
    """One VBR installation. Its identity is ours (the primary key): names and addresses may change."""

    name = models.CharField(max_length=100)
    base_url = models.CharField("address", max_length=400, unique=True)
    username = models.CharField(max_length=256)
    password_encrypted = models.TextField(editable=False)
    trust = models.CharField("certificate", max_length=10, choices=TrustMode, default=TrustMode.PIN)
    ca_bundle = models.TextField("CA bundle (PEM)", blank=True)
    pinned_sha256 = models.CharField("pinned fingerprint (SHA-256)", max_length=64, blank=True)
    api_version = models.CharField("API revision", max_length=20, blank=True)
    is_enabled = models.BooleanField("enabled", default=True)
    sync_interval_seconds = models.PositiveIntegerField("sync every (seconds)", default=DEFAULT_INTERVAL_SECONDS)
    created_at = models.DateTimeField(auto_now_add=True)

    vbr_id = models.TextField(blank=True)
    vbr_name = models.TextField(blank=True)
    build_version = models.TextField(blank=True)
    clock_skew_seconds = models.FloatField(null=True)
    """Their clock minus ours, in seconds; null while it is not known."""
    capabilities = models.JSONField(default=dict)
    """What the account may read: {endpoint: cause of the refusal, or "" where it answers}."""

    next_sync_at = models.DateTimeField(null=True, db_index=True)
    busy_until = models.DateTimeField(null=True)
    """When it wants to be asked again, by its own word at the last read (Retry-After): before that only people ask."""
    last_attempt_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    """When the newest sync of either kind that came through began: replicas and new points are at least as new."""
    last_full_at = models.DateTimeField(null=True)
    """When the newest full sweep that read everything began: so old is what is known of points that went or changed."""
    next_full_at = models.DateTimeField(null=True)
    """From when on the next sync has to be a full sweep; null: it has to be one now."""
    why_full = models.TextField(blank=True)
    """Why that sweep was asked for before its time, in words; empty where it is the nightly one."""
    watermark = models.DateTimeField(null=True)
    """By the backup server's clock: points that were created before it were listed when we read last."""
    page_size = models.PositiveIntegerField(null=True)
    """The most records that this server was seen to give at once; null while nothing limits us."""
    uncounted = models.JSONField(default=dict)
    """How many more points the server counted at the last full sweep than we hold, as {malware status: points}, ""
    for all: those that cannot be stored. What is not in it could not be counted."""
    doubt = models.JSONField(default=dict)
    """A drop that nobody has accepted yet: {"replicas" or "restore points": [how many came, how many we hold]}."""
    accepted_drop = models.JSONField(default=dict)
    """What a person believed of it, until a full sweep has come through: {listing: how many came}."""
    history_from = models.DateTimeField(null=True)
    """What was before this cannot be rebuilt any more: retention has dropped it. Null: everything is kept."""
    last_error = models.TextField(blank=True)
    """Why the last attempt did not read everything, in one sentence; empty when it did."""
    last_error_cause = models.CharField(max_length=40, blank=True)
    data_version = models.BigIntegerField(default=0)
    """Counts the commits that changed this server's inventory or its freshness."""
    rows_version = models.BigIntegerField(default=0)
    """Counts those that changed its replicas, VMs, restore points or events: a sync that found nothing new is none."""

    refused_sign_ins = models.PositiveIntegerField(default=0)
    sign_in_paused_until = models.DateTimeField(null=True)
    token_encrypted = models.TextField(blank=True, editable=False)
    """The bearer token that all processes share, encrypted; empty when there is none."""

    pinned_certificate = models.JSONField(default=dict, editable=False)
    """What stood in the certificate that was accepted, to compare with another one: names, issuer, dates."""
    doctor_asked_at = models.DateTimeField(null=True, editable=False)
    """When the newest connection test was asked for."""
    doctor_started_at = models.DateTimeField(null=True, editable=False)
    doctor_at = models.DateTimeField(null=True, editable=False)
    """When the newest connection test ended; its report is below."""
    doctor_report = models.JSONField(default=dict, editable=False)
    doctor_run_id = models.BigIntegerField(null=True, editable=False)
    """The failed sync after which that test is made; null where a person asked for it. No foreign key: runs may go."""

    objects = BackupServerQuerySet.as_manager()

    class Meta:
        db_table = "backup_server"
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="server_name_once", violation_error_message="Another server has this name."
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("server", args=[self.pk])

    @property
    def password(self) -> str:
        """Raises crypt.UnreadableSecret when the key that encrypted it is gone."""
        return crypt.decrypt(self.password_encrypted)

    @password.setter
    def password(self, password: str) -> None:
        """A new password also ends the pause after refused logins, and the token of the old one."""
        self.password_encrypted = crypt.encrypt(password)
        self.refused_sign_ins = 0
        self.sign_in_paused_until = None
        self.token_encrypted = ""

    def has_password(self, typed: str) -> bool:
        """Whether this is the stored password. Not where that can no longer be opened."""
        try:
            return self.password == typed
        except crypt.UnreadableSecret:
            return False

    @property
    def interval_words(self) -> str:
        """How often it is read: `15 s`, `5 min`, `2 h`."""
        for unit, seconds in (("h", 3600), ("min", 60)):
            if self.sync_interval_seconds % seconds == 0:
                return f"{self.sync_interval_seconds // seconds} {unit}"
        return f"{self.sync_interval_seconds} s"

    @property
    def is_unconfirmed(self) -> bool:
        """Whether a person still has to compare and accept its certificate. Nothing is sent to it before that."""
        return self.trust == TrustMode.PIN and not self.pinned_sha256

    def is_busy(self, now: datetime) -> bool:
        """Whether it said that it wants to be left alone until later."""
        return self.busy_until is not None and now < self.busy_until <= now + LONGEST_BUSY

    @property
    def stale_at(self) -> datetime | None:
        """From when on its data is older than it should be, if no read comes through before; None where it has none."""
        if self.last_success_at is None:
            return None
        return self.last_success_at + self._allowed_age

    def is_stale(self, now: datetime) -> bool:
        """Whether its data is older than a few intervals, so that a page has to say so.

        What was read at a time that lies as far ahead of our clock, which was set back, is of an age that nobody knows.
        """
        if self.last_success_at is None:
            return False
        return abs(now - self.last_success_at) > self._allowed_age

    @property
    def _allowed_age(self) -> timedelta:
        return timedelta(seconds=self.sync_interval_seconds * MISSED_INTERVALS_UNTIL_STALE)
