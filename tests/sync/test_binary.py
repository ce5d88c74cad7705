"""What is put together by hand is what Postgres reads, whatever stands in it."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replicas_app.sync import binary
from replicas_app.text import storable

pytestmark = pytest.mark.django_db
MOMENTS = st.datetimes(timezones=st.just(UTC))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1), st.uuids(), TEXTS, st.lists(TEXTS, max_size=4), st.one_of(st.none(), MOMENTS)
    ),
    max_size=5,
)


def stored(rows: list[tuple]) -> list[tuple]:
    """These rows, copied into a table and read from it."""
    ids = binary.uuids(str(id) for _, id, *_ in rows)
    parts = [
        b"".join([
            binary.columns(5), binary.bigint(number), binary.field(id), binary.text(text), binary.texts(texts),
            binary.moment(moment),
        ])
        for id, (number, _, text, texts, moment) in zip(ids, rows, strict=True)
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS copied (n bigint, u uuid, t text, a text[], m timestamptz)"
        )
        cursor.execute("TRUNCATE copied")
        with cursor.copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
            copy.write(binary.copied(parts))
        cursor.execute("SELECT * FROM copied")
        return cursor.fetchall()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_postgres_reads_what_was_meant(rows):
    assert stored(rows) == rows


@pytest.mark.parametrize("text", ["", "\\N", "\\", "a\tb\nc\rd", '{"a",NULL}', "NULL", "𝔘 日本 ü", "x" * 100_000])
def test_no_text_means_anything_but_itself(text):
    row = (1, UUID(int=0), text, [text, ""], None)

    assert stored([row]) == [row]


def test_a_moment_is_kept_to_the_microsecond_in_any_zone():
    odd = timezone(timedelta(hours=5, minutes=45))
    moments = [datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2026, 3, 29, 2, 30, 0, 1, odd)]

    assert [moment for *_, moment in stored([(1, UUID(int=1), "", [], moment) for moment in moments])] == moments


def test_what_was_made_storable_is_stored():
    row = (1, UUID(int=2), storable("a\0b\ud800"), [], None)

    assert stored([row]) == [row]
