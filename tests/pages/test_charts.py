"""The seven-day strip, and the line of time."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from replicas_app.charts import STRIP_WIDTH, strip
from replicas_app.timeline import Timeline

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def drawn(*points: tuple[float, str]) -> dict[str, str]:
    """The paths of the strip by class, and its words, of points so many hours old."""
    svg = strip([(NOW - timedelta(hours=age), malware) for age, malware in points], NOW)
    paths = dict(re.findall(r'<path class="(\w+)" d="([^"]*)"/>', svg))
    return paths | {"words": re.search(r'aria-label="([^"]*)"', svg)[1]}


def test_each_point_is_a_tick_at_its_hour_before_now():
    assert drawn((48, "Clean"), (24, ""), (0, "Clean"))["points"] == "M120.0 3v10M144.0 3v10M168.0 3v10"


def test_points_too_close_to_tell_apart_become_a_run_and_two_do_not():
    shown = drawn((100, "Clean"), (30, "Clean"), (29, "Clean"), (10, "Clean"), (9, "Clean"), (8, "Clean"), (7, "Clean"))

    assert shown["runs"] == "M158.0 5h3.0v6h-3.0z"
    assert shown["points"] == "M68.0 3v10M138.0 3v10M139.0 3v10"


def test_points_that_are_not_clean_stand_out_even_within_a_run():
    shown = drawn((3, "Suspicious"), (2, "Clean"), (1, "Infected"), (0.5, "Informative"))

    assert shown["doubt"] == "M165.0 1v14"
    assert shown["bad"] == "M167.0 1v14"
    assert shown["words"] == "4 restore points in the last 7 days, 1 suspicious, 1 infected"


def test_older_points_are_left_out_and_a_clock_ahead_of_ours_stays_in_the_picture():
    shown = drawn((169, "Infected"), (-5, "Clean"))

    assert shown["points"] == f"M{STRIP_WIDTH}.0 3v10"
    assert shown["bad"] == ""
    assert shown["words"] == "1 restore point in the last 7 days"


def test_nothing_is_said_in_words_too():
    assert drawn()["words"] == "No restore point in the last 7 days"


@pytest.mark.parametrize("hours", [1, 0.25])
def test_a_week_of_frequent_points_is_one_short_path(hours):
    points = [(NOW - timedelta(hours=hours * number), "Clean") for number in range(int(168 / hours), -1, -1)]

    assert len(strip(points, NOW)) < 500


def test_a_day_is_written_where_it_begins_and_a_shorter_span_in_hours():
    now = datetime(2026, 11, 26, 1, 8, tzinfo=UTC)
    week, day = (Timeline([], now - timedelta(days=days), now, lambda first, last: "") for days in (7, 1))

    assert week.ticks == [("163", "20 Nov"), ("506", "22 Nov"), ("849", "24 Nov")]
    assert [words for _, words in day.ticks] == ["25 Nov, 01:08", "25 Nov, 07:08", "25 Nov, 13:08", "25 Nov, 19:08"]
