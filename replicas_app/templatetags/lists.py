"""The cells of the lists: `{% load lists %}`."""

from datetime import datetime
from functools import cache

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from replicas_app.charts import strip
from replicas_app.choices import REPLICA_STATES
from replicas_app.filters.orders import Head
from replicas_app.models import BackupServer, ReplicaVM
from replicas_app.templatetags.look import NOTHING, pill
from replicas_app.times import age_words, their_clock

register = template.Library()

ALARMING = ("late", "critical")


@register.simple_tag
def sort_head(words: str, head: Head, look: str = "") -> SafeString:
    """The head of a column by which the list can be sorted. Its looks, of which it may have several: `end`, figures
    stand right; `stay`, the column stays; `name`, a long one gives way; `wide`, it gives way last;
    `more`, it is shown where there is room.
    """
    told = f' aria-sort="{head.direction}"' if head.direction else ""
    link = f'<a id="sort-{_slug(words)}" href="{escape(head.href)}" hx-get="{escape(head.href)}">{escape(words)}</a>'
    return SafeString(f'<th scope="col" class="{look}"{told}>{link}</th>')


@register.simple_tag
def verdict(tone: str, words: str) -> SafeString:
    """A malware status: a pill where it is alarming, quiet words where not; a dash for nothing."""
    if tone in ALARMING:
        return pill(tone, words)
    return format_html('<span class="muted">{}</span>', words or NOTHING)


@register.simple_tag
def server_name(server: BackupServer, now: datetime) -> SafeString:
    """The server as a link; with the age of its data where that is older than it should be: a long name gives way."""
    link = format_html('<a href="{}" title="{}">{}</a>', server.get_absolute_url(), server.name, server.name)
    if not server.is_stale(now):
        return link
    age = age_words(now - server.last_success_at)
    old = format_html('<span class="old" data-status="late" title="Last read {} ago">{} old</span>', age, age)
    return format_html('<span class="on">{} {}</span>', link, old)


@register.simple_tag
def seven_days(vm: ReplicaVM, now: datetime, server: BackupServer | None = None) -> SafeString:
    """The days before now by the clock of its server, which gave the moments of the points."""
    return strip(vm.recent_points, their_clock(now, (server or vm.server).clock_skew_seconds))


_slug = cache(slugify)
"""Of the heads that there are: they are few."""


@register.filter
def state_words(state: str) -> str:
    return REPLICA_STATES.get(state, state) or NOTHING
