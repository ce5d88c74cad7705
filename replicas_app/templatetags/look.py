"""What every page says in the same way: `{% load look %}`.

Filters: `{{ moment|utc }}`, `{{ moment|clock }}`, `{{ moment|age }}`, `{{ moment|ago }}`, `{{ duration|duration }}`,
`{{ count|number }}`, `{{ sha256|fingerprint }}`, `{{ sentence|brief }}`;
for moments that a backup server gave: `{{ moment|age_by:server }}`, `{{ moment|ago_by:server }}`, and for our own (when
we read, asked, stored): `age` and `ago`.
Tags: `{% glyph "turn" %}`, `{% badge "late" "Late" %}`, `{% pill "critical" "Infected" %}`, `{% quiet "ok" "Ready" %}`,
`{% field form.name %}`, `{% silent_processes %}`.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from replicas_app import pulse
from replicas_app.models import BackupServer
from replicas_app.notices import Notice, process_notices
from replicas_app.times import age_words, ago_words, duration_words, their_age, utc_words

register = template.Library()

_FINGERPRINT = re.compile(r"((?:[0-9A-F]{2}:){4})(?:[0-9A-F]{2}:){27}([0-9A-F]{2})")
NOTHING = "–"
"""Stands where there is no value: a dash says "none", an empty cell says "forgotten"."""


@register.filter
def utc(moment: datetime | None) -> str:
    """`25 Nov 2026, 13:31 UTC` in a time element; a dash for None."""
    if moment is None:
        return NOTHING
    return SafeString(f'<time datetime="{iso(moment)}">{utc_words(moment)}</time>')


@register.filter
def clock(moment: datetime | None, beside: datetime | None = None) -> str:
    """`13:31:04` (UTC) for lists of steps, with the day where it is another one than that of `beside`."""
    if moment is None:
        return NOTHING
    moment = moment.astimezone(UTC)
    words = f"{moment:%H:%M:%S}"
    if beside and beside.astimezone(UTC).date() != moment.date():
        words = f"{moment.day} {moment:%b}, {words}"
    return format_html('<time datetime="{}" title="{}">{}</time>', iso(moment), utc_words(moment), words)


@register.filter
def age(moment: datetime | None) -> str:
    """`2 h 41 min`, with the moment as its title; `never` for None. The words go on counting in an open page."""
    return _age(moment, age_words, "age")


@register.filter
def ago(moment: datetime | None) -> str:
    """`2 h 41 min ago`, `just now`, `in 3 min`, with the moment as its title; `never` for None."""
    return _age(moment, ago_words, "ago")


@register.filter
def age_by(moment: datetime | None, server: BackupServer) -> str:
    """`2 h 41 min`, of a moment that this server gave, reckoned by its clock; `never` for None."""
    return _age(moment, age_words, "age", server)


@register.filter
def ago_by(moment: datetime | None, server: BackupServer) -> str:
    """`2 h 41 min ago`, of a moment that this server gave, reckoned by its clock; `never` for None."""
    return _age(moment, ago_words, "ago", server)


@register.filter
def duration(span: timedelta | float | None) -> str:
    """`41 s`, `1 d 13 h`, from a timedelta or from seconds; a dash for None."""
    if span is None:
        return NOTHING
    return duration_words(span if isinstance(span, timedelta) else timedelta(seconds=span))


@register.filter
def number(count: int | None) -> str:
    """`1,257`; a dash for None."""
    return NOTHING if count is None else f"{count:,}"


@register.filter
def fingerprint(sha256: str) -> str:
    """64 hex digits as people compare them: `AB:CD:…`."""
    digits = sha256.upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


@register.filter
def brief(sentence: str) -> str:
    """A sentence in which fingerprints are only told apart, `4F:1C:9A:07:…:E2`: whole they stand where one compares."""
    return _FINGERPRINT.sub(r"\1…:\2", sentence)


@register.simple_tag
@cache
def glyph(name: str) -> SafeString:
    """A drawing of static/icons.svg. It says nothing to a screen reader: the words stand beside it."""
    return format_html(
        '<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


@register.simple_tag
def badge(tone: str, words: str) -> SafeString:
    """Shape, word and colour of a status. `tone`: ok, late, very-late, critical, unknown."""
    return format_html('<span class="badge" data-status="{}">{}</span>', tone, words)


@register.simple_tag
def pill(tone: str, words: str) -> SafeString:
    """A word on a tint: for a status that asks to be looked at."""
    return format_html('<span class="pill" data-status="{}">{}</span>', tone, words)


@register.simple_tag
def quiet(tone: str, words: str) -> SafeString:
    """What is well stays quiet: plain words for ok, a pill for everything else, a dash for nothing."""
    if not words:
        return format_html('<span class="muted">{}</span>', NOTHING)
    if tone == "ok":
        return format_html("<span>{}</span>", words)
    return pill(tone, words)


@register.inclusion_tag("partials/_field.html")
def field(bound: BoundField) -> dict[str, BoundField]:
    """A form field with its label, its help and what is wrong with it."""
    return {"field": bound}


@register.inclusion_tag("partials/_freshness.html")
def silent_processes() -> dict[str, list[Notice]]:
    """That the scheduler or the workers give no sign any more; nothing where they do."""
    return {"notices": process_notices(pulse.all_silent(timezone.now()))}


def _age(
    moment: datetime | None, words_of: Callable[[timedelta], str], kind: str, server: BackupServer | None = None
) -> str:
    if moment is None:
        return "never"
    skew = server.clock_skew_seconds if server else 0
    words = words_of(their_age(moment, timezone.now(), skew))
    return SafeString(age_element(iso(moment), utc_words(moment), words, skew, kind))


def age_element(iso: str, title: str, words: str, skew: float | None, kind: str = "age") -> str:
    """An age that goes on counting in an open page; `skew`: of the clock that gave the moment, in seconds."""
    by = f' data-skew="{round(skew)}"' if skew else ""
    return f'<time datetime="{iso}" title="{title}" data-since="{kind}"{by}>{words}</time>'


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
