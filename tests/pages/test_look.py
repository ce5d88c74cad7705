"""The words and marks that every page shares."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template import engines
from django.utils import timezone

from replicas_app.models import BackupServer

MOMENT = datetime(2026, 11, 25, 13, 31, 4, tzinfo=UTC)


def shown(template: str, **context: object) -> str:
    return engines["django"].from_string("{% load look %}" + template).render(context)


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("{{ value|utc }}", MOMENT, '<time datetime="2026-11-25T13:31:04+00:00">25 Nov 2026, 13:31 UTC</time>'),
        ("{{ value|utc }}", None, "–"),
        ("{{ value|clock }}", None, "–"),
        ("{{ value|age }}", None, "never"),
        ("{{ value|ago }}", None, "never"),
        ("{{ value|duration }}", timedelta(hours=37), "1 d 13 h"),
        ("{{ value|duration }}", 0.42, "0.4 s"),
        ("{{ value|duration }}", None, "–"),
        ("{{ value|number }}", 1257, "1,257"),
        ("{{ value|number }}", 0, "0"),
        ("{{ value|number }}", None, "–"),
        ("{{ value|fingerprint }}", "4f1c9a", "4F:1C:9A"),
        ("{{ value|fingerprint }}", "", ""),
        ("{{ value|brief }}", f"Shown: {'AB:' * 31}CD, pinned: 4F:1C.", "Shown: AB:AB:AB:AB:…:CD, pinned: 4F:1C."),
        ('{% badge "late" value %}', "<b>", '<span class="badge" data-status="late">&lt;b&gt;</span>'),
        ('{% pill "critical" value %}', "Infected", '<span class="pill" data-status="critical">Infected</span>'),
        ('{% quiet "ok" value %}', "Ready", "<span>Ready</span>"),
        ('{% quiet "late" value %}', "Failover", '<span class="pill" data-status="late">Failover</span>'),
        ('{% quiet "ok" value %}', "", '<span class="muted">–</span>'),
    ],
)
def test_a_value_is_shown_in_one_way_everywhere(template, value, text):
    assert shown(template, value=value) == text


@pytest.mark.parametrize(("hours", "words"), [(2, "15:31:04"), (37, "27 Nov, 02:31:04"), (-24, "24 Nov, 13:31:04")])
def test_a_step_on_another_day_than_the_first_one_says_its_day(hours, words):
    step = MOMENT + timedelta(hours=hours)

    assert f">{words}</time>" in shown("{{ step|clock:first }}", step=step, first=MOMENT)


@pytest.mark.parametrize(("name", "words"), [("age", "2 h 41 min"), ("ago", "2 h 41 min ago")])
def test_an_age_carries_its_moment(name, words):
    moment = timezone.now() - timedelta(hours=2, minutes=41)

    text = shown(f"{{{{ value|{name} }}}}", value=moment)

    assert text.endswith(f' data-since="{name}">{words}</time>')
    assert f'datetime="{moment:%Y-%m-%dT%H:%M:%S}+00:00" title="' in text


@pytest.mark.parametrize("skew", [600, -600, -86_400], ids=["10 min ahead", "10 min behind", "ours a day ahead"])
def test_the_age_of_what_a_server_gave_is_reckoned_by_the_clock_of_that_server_in_an_open_page_too(skew):
    server = BackupServer(clock_skew_seconds=skew)
    just_made = timezone.now() + timedelta(seconds=skew)
    older = just_made - timedelta(hours=2, minutes=41)

    words = shown("{{ new|ago_by:server }} {{ old|age_by:server }}", new=just_made, old=older, server=server)

    assert re.findall(r' data-skew="(-?\d+)">([^<]*)<', words) == [(str(skew), "just now"), (str(skew), "2 h 41 min")]


@pytest.mark.parametrize(("ahead", "words"), [(timedelta(minutes=10), "just now"), (timedelta(hours=5), "in 5 h")])
def test_what_was_written_before_our_clock_was_set_back_was_just_now(ahead, words):
    assert f">{words}" in shown("{{ value|ago }}", value=timezone.now() + ahead + timedelta(seconds=5))


def test_a_bar_without_a_number_says_none():
    bar = '{% include "partials/_progress.html" with percent=value label="Reading vbr-oslo" %}'

    assert 'aria-valuenow="62"' in shown(bar, value=62)
    assert 'aria-valuenow="0"' in shown(bar, value=0)
    assert "aria-valuenow" not in shown(bar, value=None)
