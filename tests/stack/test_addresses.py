"""How addresses are read (passwords with signs: cases.md, C28)."""

from urllib.parse import quote

import pytest

from dashboard import addresses
from dashboard.environment import Misconfigured

PASSWORD = "p@ss/w#rd%+?,ä"
ENCODED = quote(PASSWORD, safe="")


def read(url: str) -> tuple[str, ...]:
    found = addresses.database(url)
    return tuple(found[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME"))


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (f"postgresql://dash:{ENCODED}@db:5433/dr", ("dash", PASSWORD, "db", "5433", "dr")),
        (f"postgres://da%40sh:{ENCODED}@db/dr", ("da@sh", PASSWORD, "db", "", "dr")),
        ("postgresql:///dash?host=/run/postgresql", ("", "", "/run/postgresql", "", "dash")),
        ("postgresql://dash@%2Frun%2Fpostgresql/dash", ("dash", "", "/run/postgresql", "", "dash")),
        ("postgresql://dash:x@[fd00::5]:5432/dr", ("dash", "x", "fd00::5", "5432", "dr")),
        ("postgresql://dash:a+b:c@db/dr", ("dash", "a+b:c", "db", "", "dr")),
        ("postgresql://dash:x@one:1,two:2/dr", ("dash", "x", "one,two", "1,2", "dr")),
        ("postgresql://dash@db", ("dash", "", "db", "", "dash")),
    ],
)
def test_a_database_is_found_as_libpq_finds_it(url, parts):
    assert read(url) == parts


def test_what_stands_behind_the_question_mark_is_for_libpq():
    options = addresses.database("postgresql://db/dr?sslmode=verify-full&sslrootcert=/etc/ca.pem")["OPTIONS"]

    assert options == {
        "connect_timeout": 5,
        **addresses.NOTICED,
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
    }


def test_a_database_that_goes_without_a_word_is_given_up_after_half_a_minute_unless_the_address_says_otherwise():
    options = addresses.database("postgresql://db/dr?keepalives_idle=60")["OPTIONS"]

    patience = addresses.NOTICED["keepalives_idle"] + 3 * addresses.NOTICED["keepalives_interval"]
    assert (patience, options["tcp_user_timeout"], options["keepalives_idle"]) == (30, 30_000, "60")


RAW = [PASSWORD, "p@ss", "pa/ss", "pa?ss", "pa#ss", "100%", "pa%zz", "pa[ss", "pa]ss", "pa ss", "pa\\ss"]


@pytest.mark.parametrize("password", RAW)
@pytest.mark.parametrize(
    ("read", "template", "variable"),
    [
        (addresses.database, "postgresql://dash:{}@db.example.com:5432/dr", "DATABASE_URL"),
        (addresses.broker, "redis://dash:{}@broker.example.com:6379/0", "CELERY_BROKER_URL"),
        (addresses.broker, "amqp://dash:{}@broker.example.com//", "CELERY_BROKER_URL"),
    ],
    ids=["Postgres", "Redis", "RabbitMQ"],
)
def test_a_password_as_it_is_stops_at_once_with_the_word_that_helps(read, template, variable, password):
    with pytest.raises(Misconfigured) as refused:
        read(template.format(password))

    assert str(refused.value).startswith(variable)
    assert "percent-encode" in str(refused.value)
    assert password not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("url", ["mysql://db/dr", "db.example.com", "postgresql:db", "host=db dbname=dr"])
def test_what_is_no_address_of_a_postgres_is_refused(url):
    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        addresses.database(url)


def test_redis_over_tls_has_to_show_a_certificate_that_we_trust():
    plain, with_ca = "rediss://broker:6380/0", "rediss://broker:6380/0?ssl_ca_certs=/etc/ca.pem"

    assert addresses.broker(plain) == f"{plain}?ssl_cert_reqs=required"
    assert addresses.broker(with_ca) == f"{with_ca}&ssl_cert_reqs=required"
    assert addresses.broker(f"{plain}?ssl_cert_reqs=none") == f"{plain}?ssl_cert_reqs=none"


def test_several_brokers_may_stand_in_for_each_other():
    both = "amqp://dash:x@one//;amqp://dash:x@two//"

    assert addresses.broker(both) == both
