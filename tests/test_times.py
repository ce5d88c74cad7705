"""Ages and durations in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from replicas_app.times import age_words, ago_words, duration_words, their_age, utc_words


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


NOW = datetime(2026, 11, 25, 13, 31, tzinfo=UTC)


@pytest.mark.parametrize("skew", [0, 600, -600, 86_400, -86_400, 7200.4, None], ids=lambda skew: f"{skew} s ahead")
@pytest.mark.parametrize("minutes", [0, 5, 3000])
def test_the_age_of_what_a_backup_server_says_is_reckoned_by_its_own_clock(skew, minutes):
    said = NOW + timedelta(seconds=skew or 0) - timedelta(minutes=minutes)

    assert their_age(said, NOW, skew) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=40), "just now"),
        (timedelta(minutes=59), "just now"),
        (timedelta(hours=5), "in 5 h 00 min"),
        (timedelta(days=4000), "in 4000 d 0 h"),
    ],
)
def test_a_moment_ahead_of_a_clock_that_was_set_back_is_new_and_a_date_in_the_far_future_stays_one(ahead, words):
    assert age_words(their_age(NOW + ahead, NOW, 0)) == words


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
