"""Ages and durations in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from replicas_app.times import age_words, ago_words, duration_words, utc_words


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59.9), "just now"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(minutes=60), "1 h 00 min"),
        (timedelta(hours=2, minutes=41), "2 h 41 min"),
        (timedelta(hours=23), "23 h 00 min"),
        (timedelta(hours=25), "25 h 00 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(hours=49), "2 d 1 h"),
        (timedelta(days=9, hours=4, minutes=59), "9 d 4 h"),
        (timedelta(days=800), "800 d 0 h"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(minutes=-3), "in 3 min"),
        (timedelta(hours=-5), "in 5 h 00 min"),
    ],
)
def test_an_age_is_read_at_a_glance_and_never_negative(age, words):
    assert age_words(age) == words


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(minutes=-5), "in 5 min"),
    ],
)
def test_an_age_ends_a_sentence(age, words):
    assert ago_words(age) == words


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=-5), "0.0 s"),
        (timedelta(seconds=0.42), "0.4 s"),
        (timedelta(seconds=9.96), "10 s"),
        (timedelta(seconds=59.6), "1 min 00 s"),
        (timedelta(seconds=247), "4 min 07 s"),
        (timedelta(minutes=161), "2 h 41 min"),
        (timedelta(hours=37), "1 d 13 h"),
    ],
)
def test_a_duration_loses_no_day(duration, words):
    assert duration_words(duration) == words


def test_a_moment_is_shown_in_utc_and_says_so():
    east = timezone(timedelta(hours=1))

    assert utc_words(datetime(2026, 11, 25, 14, 31, tzinfo=east)) == "25 Nov 2026, 13:31 UTC"
    assert utc_words(datetime(2026, 3, 1, 0, 5, tzinfo=UTC)) == "1 Mar 2026, 00:05 UTC"
