"""The form in which a server is connected or changed. Each wrong value is told beside its field."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from replicas_app.choices import TrustMode
from replicas_app.models import BackupServer
from replicas_app.vbr import KNOWN_VERSIONS, BadAddress, Trust, parse_address

MIN_INTERVAL_SECONDS = 15
MAX_INTERVAL_SECONDS = 86_400
LONGEST_PASSWORD = 1000
WAY_IN = ("base_url", "username", "password", "trust", "ca_bundle", "pinned_sha256", "api_version")
"""The fields that say how to get in: what a server told us under the old ones no longer counts."""


class ServerForm(forms.ModelForm):
    """One server. The password is never shown again; left empty, a known server keeps the one it has."""

    base_url = forms.CharField(label="Address", max_length=400)
    username = forms.CharField(label="User name", max_length=256, strip=False)
    password = forms.CharField(
        label="Password",
        max_length=LONGEST_PASSWORD,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    trust = forms.ChoiceField(label="Certificate", choices=TrustMode.choices, initial=TrustMode.PIN)
    pinned_sha256 = forms.CharField(label="Fingerprint (SHA-256)", max_length=200, required=False)
    api_version = forms.ChoiceField(
        label="API revision", required=False, choices=[("", "Automatic"), *((name, name) for name in KNOWN_VERSIONS)]
    )
    sync_interval_seconds = forms.IntegerField(
        label="Read every",
        initial=BackupServer._meta.get_field("sync_interval_seconds").default,
        validators=[MinValueValidator(MIN_INTERVAL_SECONDS), MaxValueValidator(MAX_INTERVAL_SECONDS)],
    )

    class Meta:
        model = BackupServer
        fields = [
            "name",
            "base_url",
            "username",
            "password",
            "trust",
            "pinned_sha256",
            "ca_bundle",
            "api_version",
            "sync_interval_seconds",
            "is_enabled",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notes: list[str] = []
        """What was assumed or left off, in sentences for the person who typed it."""
        self.twin: BackupServer | None = None
        """The server that already has this address or this name."""

    @property
    def is_new(self) -> bool:
        return self.instance.pk is None

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        self._refuse_twin("name__iexact", name, "Another server has this name.")
        return name

    def clean_base_url(self) -> str:
        try:
            address = parse_address(self.cleaned_data["base_url"])
        except BadAddress as error:
            raise forms.ValidationError(str(error)) from error
        self.notes += address.notes
        self._refuse_twin("base_url", address.url, f"{{}} is connected at this address already ({address.url}).")
        return address.url

    def clean_username(self) -> str:
        typed = self.cleaned_data["username"]
        if typed.strip() != typed:
            self.notes.append("The space around the user name was left off.")
        if not typed.strip():
            raise forms.ValidationError("Type the user name.")
        return typed.strip()

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if self.is_new and not password:
            raise forms.ValidationError("Type the password.")
        return password

    def clean_pinned_sha256(self) -> str:
        typed = self.cleaned_data["pinned_sha256"].strip()
        try:
            return Trust.pin(typed).sha256 if typed else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_ca_bundle(self) -> str:
        pem = self.cleaned_data["ca_bundle"].strip()
        if "PRIVATE KEY" in pem:
            raise forms.ValidationError(
                "This holds a private key. Paste certificates only, and keep the key to yourself."
            )
        try:
            return Trust.bundle(pem).pem if pem else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("trust") == TrustMode.BUNDLE and not (values.get("ca_bundle") or "ca_bundle" in self.errors):
            self.add_error("ca_bundle", "Paste the certificates of the authority that issued the server's.")
        return values

    def _refuse_twin(self, lookup: str, value: str, words: str) -> None:
        others = BackupServer.objects.exclude(pk=self.instance.pk)
        if twin := others.filter(**{lookup: value}).first():
            self.twin = twin
            raise forms.ValidationError(words.format(twin.name))
