"""What a page offers for a replica: `{% load acts %}`. The replicas come from `rescans.with_acts`.

`{% rescan_act replica now %}` is the button of a row, with `main=True` that of the replica's own page. Right after a
rescan it stays in reach, for the keyboard and for those who hear the page, but is marked as disabled, with the reason;
pressed all the same, it answers with the reason. `{% watch_acts replicas now %}` makes the page ask anew, until each of
them can be rescanned again.
"""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from replicas_app import cool_down
from replicas_app.models import Replica
from replicas_app.templatetags.look import glyph

register = template.Library()

SECONDS_WHILE_RESTING = 5
SECONDS_WHILE_RESCANNED = 15
OPENS_DIALOG = SafeString('hx-target="#dialog" hx-swap="innerHTML" hx-push-url="false"')


@register.simple_tag
def rescan_act(replica: Replica, now: datetime, main: bool = False, oob: bool = False) -> SafeString:
    """`oob`: for an answer that brings it up to date in an open page."""
    return format_html(
        '<span class="act-of" id="act-{}{}"{}>{}</span>',
        replica.pk,
        "-main" if main else "",
        SafeString(' hx-swap-oob="true"') if oob else "",
        _act(replica, now, main),
    )


@register.inclusion_tag("rescans/_watch.html")
def watch_acts(replicas: Iterable[Replica] | Replica, now: datetime, main: bool = False) -> dict[str, object]:
    replicas = [replicas] if isinstance(replicas, Replica) else replicas
    rescanned = [replica.pk for replica in replicas if replica.open_rescan_id]
    resting = [replica.pk for replica in replicas if not replica.open_rescan_id and is_resting(replica, now)]
    seconds = SECONDS_WHILE_RESTING if resting else SECONDS_WHILE_RESCANNED
    return {"ids": ",".join(map(str, rescanned + resting)), "seconds": seconds, "main": main}


def is_resting(replica: Replica, now: datetime) -> bool:
    return replica.rested_at is not None and cool_down.seconds_left(replica.rested_at, now) > 0


def _act(replica: Replica, now: datetime, main: bool) -> SafeString | str:
    """By its id a swap finds what had the focus."""
    if replica.removed_at:
        return ""
    if replica.open_rescan_id:
        look, href = SafeString(' class="button"' if main else ""), reverse("rescan", args=[replica.open_rescan_id])
        return format_html('<a id="do-{}"{} href="{}">In a rescan</a>', replica.pk, look, href)
    if not is_resting(replica, now):
        return _button(replica, main)
    why = cool_down.words(replica.rested_at, replica.rested_by, now)
    why = why[0].upper() + why[1:]
    rests = format_html(' aria-disabled="true" aria-describedby="why-{}" title="{}"', replica.pk, why)
    reason = format_html('<span id="why-{}" class="{}">{}</span>', replica.pk, "muted" if main else "hush", why)
    return format_html("{} {}", reason, _button(replica, main, rests))


def _button(replica: Replica, main: bool, more: SafeString | str = "") -> SafeString:
    href = f"{reverse('rescan-ask')}?id={replica.pk}"
    words = "Rescan replica" if main else "Rescan"
    return format_html(
        '<a id="do-{}" class="button {}" href="{}" hx-get="{}" {} aria-label="{} {}"{}>{}{}…</a>',
        replica.pk,
        "main" if main and not more else "" if main else "small",
        href,
        href,
        OPENS_DIALOG,
        words,
        replica.name,
        more,
        glyph("turn") if main else "",
        words,
    )
