"""The colours of the stylesheet, in both themes: texts can be read, and marks can be told from what they stand on."""

import re

import pytest
from django.conf import settings

COLOUR = re.compile(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)")
GROUNDS = ("paper", "sheet", "raise", "sink", "accent-tint")
STATUSES = ("ok", "late", "very", "critical", "unknown")
TEXTS = ("ink", "ink-2", "accent", *STATUSES)


def colours() -> dict[str, tuple[str, str]]:
    """(light, dark) by name. Of a name that is told twice the first: the others are for those who want more."""
    sheet = (settings.PROJECT / "static/css/look.css").read_text()
    return {name: (light, dark) for name, light, dark in reversed(COLOUR.findall(sheet))}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """As WCAG 2 reckons it: 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def too_faint(least: float, pairs: list[tuple[str, str]]) -> list[str]:
    known = colours()
    return [
        f"{one} on {ground}, {theme}: {contrast(known[one][at], known[ground][at]):.2f}"
        for at, theme in enumerate(("light", "dark"))
        for one, ground in pairs
        if contrast(known[one][at], known[ground][at]) < least
    ]


def test_every_text_can_be_read_on_every_ground():
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS]
    pairs += [(text, f"{status}-tint") for status in STATUSES for text in (status, "ink", "ink-2")]
    pairs += [("on-accent", "accent")]

    assert too_faint(4.5, pairs) == []


@pytest.mark.parametrize("status", STATUSES)
def test_every_mark_of_a_status_can_be_told_from_its_ground(status):
    assert too_faint(3, [(f"{status}-mark", ground) for ground in ("paper", "sheet", "sink", f"{status}-tint")]) == []
