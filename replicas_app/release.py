"""Which software this is, and with which settings: what a browser kept of another one is not taken for current."""

from functools import cache
from hashlib import sha256
from pathlib import Path

import django
from django.conf import settings

PACKAGE = Path(__file__).parent
SHOWN_SETTINGS = (
    "EVENTS_KEPT_DAYS",
    "FORCE_SCRIPT_NAME",
    "PUBLIC_URL",
    "RESCAN_COOL_DOWN_SECONDS",
    "STATIC_URL",
    "VANISHED_KEPT_DAYS",
)
"""Those of which pages say something."""


@cache
def fingerprint() -> str:
    """Another text for every other code, template, static file or setting that shows; the same in every process."""
    folders = [PACKAGE, *settings.TEMPLATES[0]["DIRS"], *settings.STATICFILES_DIRS]
    digest = sha256(repr([django.VERSION, *(getattr(settings, name) for name in SHOWN_SETTINGS)]).encode())
    for file in sorted(file for folder in folders for file in Path(folder).rglob("*") if _is_ours(file)):
        digest.update(f"{file.name} {file.stat().st_size} ".encode() + file.read_bytes())
    return digest.hexdigest()


def _is_ours(file: Path) -> bool:
    return file.is_file() and file.suffix != ".pyc"
