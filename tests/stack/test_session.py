from django.db import connection


def test_the_session_has_a_real_postgres(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower('ÄÖ')")

        assert cursor.fetchone() == ("äö",)
