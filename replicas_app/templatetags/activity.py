"""What a sentence of the list of events is made of: `{% load activity %}`."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html

from replicas_app.times import beside_words, utc_words

register = template.Library()


@register.filter
def beside(moment: datetime, other: datetime) -> str:
    """`12:00`, with the day where it is another one than that of `other`; the whole moment as its title."""
    iso = moment.astimezone(UTC).isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, utc_words(moment), beside_words(moment, other))
