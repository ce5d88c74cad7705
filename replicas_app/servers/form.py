"""The form in which a server is connected or changed. Each wrong value is told beside its field."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.validators import MaxValueValidator, MinValueValidator

from replicas_app.choices import TrustMode
from replicas_app.models import BackupServer
from replicas_app.servers.acts import is_same_wish
from replicas_app.vbr import KNOWN_VERSIONS, BadAddress, Trust, parse_address

MIN_INTERVAL_SECONDS = 15
MAX_INTERVAL_SECONDS = 86_400
LONGEST_PASSWORD = 1000
COLUMNS = (
    "name",
    "base_url",
    "username",
    "trust",
    "pinned_sha256",
    "ca_bundle",
    "api_version",
    "sync_interval_seconds",
    "is_enabled",
)


class ServerForm(forms.ModelForm):
    """One server. The password is never shown again; left empty, a known server keeps the one it has."""

    base_url = forms.CharField(
        label="Address",
        max_length=400,
        help_text="https://vbr01.example.com:9419. The port is 9419 unless typed.",
        error_messages={"required": "Type the server's address, for example https://vbr01.example.com:9419."},
    )
    username = forms.CharField(
        label="User name",
        max_length=256,
        strip=False,
        help_text="A domain user with the domain: DOMAIN\\user.",
        error_messages={"required": "Type the user name."},
    )
    password = forms.CharField(
        label="Password",
        max_length=LONGEST_PASSWORD,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "hx-preserve": "true"}),
    )
    trust = forms.ChoiceField(
        label="How its certificate is judged",
        choices=TrustMode.choices,
        widget=forms.RadioSelect,
        initial=TrustMode.PIN,
    )
    pinned_sha256 = forms.CharField(
        label="Fingerprint of the pinned certificate (SHA-256)",
        max_length=200,
        required=False,
        help_text="Leave it empty to be shown the server's certificate next, and to accept it there.",
    )
    api_version = forms.ChoiceField(
        label="API revision",
        required=False,
        choices=[("", "Automatic: the newest that both know"), *((name, name) for name in KNOWN_VERSIONS)],
        help_text="Found out once and then kept, so that an upgrade of the server does not move you.",
    )
    sync_interval_seconds = forms.IntegerField(
        label="Read every … seconds",
        initial=BackupServer._meta.get_field("sync_interval_seconds").default,
        validators=[
            MinValueValidator(MIN_INTERVAL_SECONDS, f"Not more often than every {MIN_INTERVAL_SECONDS} seconds."),
            MaxValueValidator(MAX_INTERVAL_SECONDS, f"At least once a day: {MAX_INTERVAL_SECONDS:,} seconds at most."),
        ],
        error_messages={"required": "Type a number of seconds.", "invalid": "Type a whole number of seconds."},
        help_text=f"From {MIN_INTERVAL_SECONDS} to {MAX_INTERVAL_SECONDS:,}, which is a day.",
    )

    class Meta:
        model = BackupServer
        fields = [*COLUMNS, "password"]
        labels = {"is_enabled": "Read this server", "ca_bundle": "CA bundle (PEM)"}
        help_texts = {"name": "What your team calls it.", "ca_bundle": "One or more blocks of BEGIN CERTIFICATE."}
        error_messages = {"name": {"required": "Give it a name."}}
        widgets = {"ca_bundle": forms.Textarea(attrs={"rows": 5, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notes: list[str] = []
        """What was assumed or left off, in sentences for the person who typed it."""
        self.twin: BackupServer | None = None
        """The server that already has this address or this name."""
        self._normal: dict[str, str] = {}
        self._is_other_password = False
        if not self.is_new:
            self.fields["password"].help_text = "Leave it empty to keep the one that is stored."

    @property
    def is_new(self) -> bool:
        return self.instance.pk is None

    @property
    def server(self) -> BackupServer:
        """The row as a valid form wants it, with the password where one was typed."""
        if password := self.cleaned_data["password"]:
            self.instance.password = password
        return self.instance

    def changes(self) -> set[str]:
        """The fields of which a valid form wants another value than the stored one."""
        changed = {column for column in COLUMNS if self.cleaned_data[column] != self.initial[column]}
        return changed | ({"password"} if self._is_other_password else set())

    def same_wish(self) -> BackupServer | None:
        """The stored server that this form, sent a second time, asks for; None where it asks for something else."""
        is_well_formed = {"name", "base_url"} <= self._normal.keys()
        if not self.is_new or not is_well_formed or set(self.errors) - {"name", "base_url", NON_FIELD_ERRORS}:
            return None
        twin = self.twin or BackupServer.objects.filter(base_url=self._normal["base_url"]).first()
        return twin if twin and is_same_wish(self.cleaned_data | self._normal, twin) else None

    def clean_name(self) -> str:
        return self._unlike_others("name", self.cleaned_data["name"], "{} has this name already.")

    def clean_base_url(self) -> str:
        try:
            address = parse_address(self.cleaned_data["base_url"])
        except BadAddress as error:
            raise forms.ValidationError(str(error)) from error
        self.notes += address.notes
        return self._unlike_others("base_url", address.url, f"{{}} is connected at this address already: {address.url}")

    def clean_username(self) -> str:
        typed = self.cleaned_data["username"]
        if not typed.strip():
            raise forms.ValidationError("Type the user name.")
        if typed.strip() != typed:
            self.notes.append("The space around the user name was left off.")
        return typed.strip()

    def clean_password(self) -> str:
        if self.is_new and not self.cleaned_data["password"]:
            raise forms.ValidationError("Type the password.")
        typed = self.cleaned_data["password"]
        self._is_other_password = bool(typed) and not self.instance.has_password(typed)
        return typed

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
                "This holds a private key: paste the certificates only, keep the key to yourself."
            )
        try:
            return Trust.bundle(pem).pem if pem else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("trust") == TrustMode.BUNDLE and not values.get("ca_bundle") and "ca_bundle" not in self.errors:
            self.add_error("ca_bundle", "Paste the certificates of the authority that issued the server's.")
        if self._moves(values) and not values.get("password"):
            self.add_error("password", "Type the password again: the stored one is not sent to another address.")
        return values

    def _moves(self, values: dict[str, Any]) -> bool:
        """Whether a known server gets another address, by which somebody could have its stored password sent to him."""
        return not self.is_new and "base_url" in values and values["base_url"] != self.initial["base_url"]

    def _unlike_others(self, column: str, value: str, words: str) -> str:
        """The value, if no other server has it. One that is stored a moment later is for the constraints to refuse."""
        self._normal[column] = value
        others = BackupServer.objects.exclude(pk=self.instance.pk)
        if twin := others.filter(**{f"{column}__iexact": value}).first():
            self.twin = twin
            raise forms.ValidationError(words.format(twin.name))
        return value
