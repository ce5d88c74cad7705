"""Times as servers write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicas_app.vbr.times import Clock, iso, parse_time

MOMENT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
FIRST = datetime(1981, 1, 1)  # noqa: DTZ001 - hypothesis wants the bounds naive
LAST = datetime(2199, 1, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2025-03-04T05:06:07Z", 0),
        ("2025-03-04T05:06:07.1Z", 100_000),
        ("2025-03-04T05:06:07.08564Z", 85_640),
        ("2025-03-04T05:06:07.123456Z", 123_456),
        ("2025-03-04T05:06:07.1234567Z", 123_456),
        ("2025-03-04T05:06:07.123456789Z", 123_456),
        ("2025-03-03T22:06:07.91835-07:00", 918_350),
        ("2025-03-04T07:06:07+02:00", 0),
        ("2025-03-04T07:06:07+0200", 0),
        ("2025-03-04 05:06:07Z", 0),
        ("2025-03-04t05:06:07z", 0),
        ("  2025-03-04T05:06:07.5 UTC ", 500_000),
        ("2025-03-04T05:06:07,25+00:00", 250_000),
        ("2025-03-04T05:06:07.z", 0),
    ],
)
def test_every_spelling_is_the_same_moment(text, microsecond):
    assert parse_time(text) == MOMENT.replace(microsecond=microsecond)
    assert parse_time(text).tzinfo is UTC


def test_a_time_without_a_zone_is_utc_and_is_counted():
    clock = Clock()

    read = [clock.read(text) for text in ("2025-03-04T05:06:07", "2025-03-04T05:06:07Z", "2025-03-04 05:06:07.0")]

    assert read == [MOMENT] * 3
    assert clock.naive == 2


@pytest.mark.parametrize(
    "text",
    [
        "1900-01-01T00:00:00",
        "1900-01-01T00:00:00+01:00",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+02:00",
        "1601-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999",
        "9999-12-31T23:59:59-07:00",
    ],
)
def test_a_placeholder_is_no_time(text):
    assert parse_time(text) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "now", "2025-13-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-03-04T25:00:00Z", "12345", "٢٠٢٥-01-01"],
)
def test_what_is_no_time_is_a_value_error(text):
    with pytest.raises(ValueError):
        parse_time(text)


@given(
    moment=st.datetimes(FIRST, LAST),
    offset=st.integers(-14 * 60, 14 * 60),
    digits=st.integers(0, 9),
    extra=st.integers(0, 999),
)
def test_any_moment_survives_any_offset_and_any_number_of_digits(moment, offset, digits, extra):
    fraction = f"{moment.microsecond:06}{extra:03}"[:digits]
    there = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=offset)))
    zone = there.strftime("%z")
    text = f"{there:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{fraction}{zone[:3]}:{zone[3:]}"

    read = parse_time(text)

    assert read == moment.replace(microsecond=int(fraction.ljust(6, "0")[:6]), tzinfo=UTC)


@given(st.text(max_size=40))
def test_no_text_does_anything_but_read_or_raise_a_value_error(text):
    try:
        read = parse_time(text)
    except ValueError:
        return
    assert read is None or read.tzinfo is UTC


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_what_we_send_is_what_we_read(moment):
    assert parse_time(iso(moment)) == moment


def test_a_naive_time_is_not_sent():
    with pytest.raises(ValueError):
        iso(datetime(2025, 1, 1))  # noqa: DTZ001
