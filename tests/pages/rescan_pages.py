"""What the tests of rescans ask of their pages, and read there."""

import re

from django.test import Client
from django.utils import timezone

from replicas_app.choices import RescanState
from replicas_app.models import Rescan


def end(rescan: Rescan) -> None:
    """As a worker does, but for what it changed."""
    Rescan.objects.filter(pk=rescan.pk).update(
        state=RescanState.SUCCEEDED, ended_at=timezone.now(), next_poll_at=None, result="Success"
    )


def page_of(client: Client, rescan: Rescan, **headers: str) -> str:
    return client.get(f"/rescans/{rescan.pk}/", headers=headers).content.decode()


def start(client: Client, *replicas, **values: str):
    return client.post("/rescans/start/", {"id": ",".join(str(replica.pk) for replica in replicas), **values})


def text_of(response) -> str:
    """The answer's words, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def rescans_in(response) -> list[int]:
    return [int(key) for key in re.findall(r'<tr data-rescan="(\d+)"', response.content.decode())]
