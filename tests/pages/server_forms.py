"""The forms of servers, as somebody fills them in and as they come back."""

import re
from typing import Any

from replicas_app.models import BackupServer

PASSWORD = "p&a=s+s%20 wörd\"'\\;"
"""Of the simulated server of these tests."""


def typed(**changes: str) -> dict[str, str]:
    """What an admin types into the form to connect a server."""
    return {
        "name": "vbr-oslo",
        "base_url": "https://vbr-oslo.example.test:9419",
        "username": "svc",
        "password": "pw1",
        "trust": "off",
        "pinned_sha256": "",
        "ca_bundle": "",
        "api_version": "",
        "sync_interval_seconds": "300",
        "is_enabled": "on",
    } | changes


def form_of(server: BackupServer, **changes: str) -> dict[str, str]:
    """What the form to edit this server sends when nothing but `changes` was typed."""
    columns = ("name", "base_url", "username", "trust", "pinned_sha256", "api_version", "sync_interval_seconds")
    return typed(**{column: str(getattr(server, column)) for column in columns} | {"password": ""} | changes)


def wrong(answer: Any) -> list[str]:
    """What is told beside the fields."""
    return re.findall(r'<span class="wrong" role="alert">(.*?)</span>', answer.content.decode())


def words(answer: Any) -> str:
    """The page without its markup, each run of white space as one space."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())
