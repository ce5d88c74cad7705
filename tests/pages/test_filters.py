"""Query strings → rows: what each key narrows, what cannot be used, and in which order they come."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from replicas_app.filters.pages import FURTHEST
from replicas_app.models import Replica, RestorePoint
from tests.factories import make_point, make_replica, make_server, make_vm
from tests.pages.filtering import NOON, complaints_of, point_filters, replica_filters, replicas_of

pytestmark = pytest.mark.django_db
NAMES = ("sql-1", "SQL-2", "web_1", "webx1", "100%", "a*b", "Büro", 'back\\slash "quoted"')


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=sql", ["sql-1", "SQL-2"]),
        ("q=SQL*", ["sql-1", "SQL-2"]),
        ("q=*x1", ["webx1"]),
        ("q=*we*", ["web_1", "webx1"]),
        ("q==sql-1", ["sql-1"]),
        ("q==sql", []),
        ("q=eb_", ["web_1"]),
        ("q=%25", ["100%"]),
        ("q=a*b", ["a*b"]),
        ("q=%C3%BCr", ["Büro"]),
        ("q=%5C", ['back\\slash "quoted"']),
        ("q=%22", ['back\\slash "quoted"']),
        ("q=%FF%FE", []),
        ("q=" + "x" * 5000, []),
    ],
)
def test_a_search_takes_every_sign_but_an_outer_star_as_itself(query, names):
    server = make_server()
    for name in NAMES:
        make_replica(server, name)

    assert replicas_of(query) == names


def test_a_search_finds_a_replica_by_any_of_its_parameters():
    made = make_replica(name="found", platform="HyperV", policy_id="gold", state="Failover", job_id="night-job")
    make_replica(name="other", type="CDP", platform="VMware")

    for text in ("hyperv", "gold", "failover", "night-job", str(made.uuid)[4:20], f"={made.uuid}"):
        assert replicas_of(f"q={text}") == ["found"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("type=CDP", ["cdp"]),
        ("type=Regular", ["old", "snap"]),
        ("type=snapshot", ["old", "snap"]),
        ("type=CDP&type=Regular", ["cdp", "old", "snap"]),
        ("state=Failover", ["snap"]),
        ("state=failover&state=Quiesced", ["old", "snap"]),
        ("state=none", ["cdp"]),
        ("platform=HyperV", ["snap"]),
        ("platform=hyperv&platform=Nobody", ["snap"]),
        ("platform_id=P-1", ["old"]),
        ("platform_id=p-1", ["old"]),
        ("job=J-1&job=J-2", ["old", "snap"]),
        ("policy=gold", ["cdp"]),
        ("created_after=2026-11-25", ["snap"]),
        ("created_after=2026-11-25T12:00:00Z", ["snap"]),
        ("created_after=2026-11-25T13:00:00%2B01:00", ["snap"]),
        ("created_after=2026-11-25T13:00:00+01:00", ["snap"]),
        ("created_after=2026-11-25T12:00:01", []),
        ("created_before=2026-11-24", ["old"]),
        ("created_before=2026-11-25T12:00", ["old", "snap"]),
        ("malware=Infected", ["snap"]),
        ("malware=NotScanned", ["old"]),
        ("malware=NoPoints", ["cdp"]),
        ("removed=1", ["cdp", "gone", "old", "snap"]),
        ("removed=0", ["cdp", "old", "snap"]),
        ("state=&type=&q=&job=", ["cdp", "old", "snap"]),
    ],
)
def test_each_key_narrows_by_its_own_values_and_any_of_them_will_do(query, names):
    server = make_server()
    make_replica(
        server,
        "old",
        created_at=NOON - timedelta(days=9),
        state="Quiesced",
        platform_id="P-1",
        job_id="J-1",
        worst_malware="",
    )
    make_replica(
        server,
        "snap",
        type="Snapshot",
        created_at=NOON,
        state="Failover",
        platform="HyperV",
        job_id="J-2",
        worst_malware="Infected",
    )
    make_replica(server, "cdp", type="CDP", created_at=None, state="", policy_id="gold")
    make_replica(server, "gone", created_at=NOON, removed_at=NOON, state="Nothing", worst_malware="Clean")

    assert replicas_of(query) == names


def test_a_server_and_a_replica_and_a_vm_are_asked_for_by_number_id_and_number():
    oslo, bergen = make_server("oslo"), make_server("bergen")
    shared = uuid4()
    first = make_replica(oslo, "first", uuid=shared)
    make_replica(bergen, "second", uuid=shared)
    vm = make_vm(make_replica(bergen, "third"))

    assert replicas_of(f"server={oslo.pk}&server={oslo.pk}") == ["first"]
    assert replicas_of(f"replica={shared}") == ["first", "second"]
    assert replicas_of(f"replica={str(shared).upper()}&server={first.server_id}") == ["first"]
    assert replicas_of(f"vm={vm.pk}") == ["third"]


@pytest.mark.parametrize(
    ("query", "key", "words"),
    [
        ("server=abc", "server", "“abc” is not a number from 1 on."),
        ("server=-1", "server", "“-1” is not a number from 1 on."),
        ("server=1e3", "server", "“1e3” is not a number from 1 on."),
        ("server=99999999999999999999", "server", "“99999999999999999999” is not a number from 1 on."),
        (f"vm={1:020}{0:05000}", "vm", f"“{1:020}{0:040}…” is not a number from 1 on."),
        ("server=987654", "server", "Nothing is known by “987654”."),
        ("vm=987654", "vm", "Nothing is known by “987654”."),
        ("replica=not-a-uuid", "replica", f"“not-a-uuid” is not an id, which looks like {UUID(int=0)}."),
        (
            "created_after=yesterday",
            "created_after",
            "“yesterday” is not a date and time, such as 2026-11-25 or 2026-11-25T13:30.",
        ),
        (
            "created_after=0001-01-01T00:00%2B14:00",
            "created_after",
            "“0001-01-01T00:00+14:00” is not a date and time, such as 2026-11-25 or 2026-11-25T13:30.",
        ),
        (
            "created_after=2026-11-25&created_before=2026-11-24",
            "created_before",
            "It lies before “Created after”: nothing can match both.",
        ),
        ("q=*", "q", "“*” alone matches everything: put at least one letter beside it."),
        ("q=**", "q", "“**” alone matches everything: put at least one letter beside it."),
        ("q=%00", "q", "“\ufffd” has a character in it that no text can have."),
        ("state=%00", "state", "“\ufffd” has a character in it that no text can have."),
        ("q=a&q=b", "q", "It can be given once: only the first one, a, was used."),
        ("removed=yes", "removed", "“yes” is neither 1 nor 0."),
        ("per_page=5", "per_page", "“5” is not among 25, 50, 100, 250."),
        ("per_page=1000000", "per_page", "“1000000” is not among 25, 50, 100, 250."),
        ("sort=name&sort=state", "sort", "It can be given once: only the first one, name, was used."),
        ("page=0", "page", "“0” is not the number of a page."),
        ("page=-1", "page", "“-1” is not the number of a page."),
        ("page=abc", "page", "“abc” is not the number of a page."),
        ("page=1e3", "page", "“1e3” is not the number of a page."),
        ("page=%D9%A3", "page", "“٣” is not the number of a page."),
        ("rpo=late", "rpo", "RPO is not judged yet, so this was not used; the ages of the newest points are shown."),
        ("columns=x", "columns", "Columns cannot be chosen yet: all are shown."),
        ("export=xlsx", "export", "“xlsx” is not among csv, json."),
        ("sever=1", "sever", "This list cannot be narrowed by it, so it was not used."),
        ("self=1", "self", "This list cannot be narrowed by it, so it was not used."),
    ],
)
def test_what_cannot_be_used_is_told_by_its_key(query, key, words):
    assert complaints_of(query) == {key: words}


@pytest.mark.parametrize("query", ["sort=--name", "sort=color", "sort=-", "sort=pk"])
def test_an_order_that_the_list_does_not_have_is_told_and_the_list_stays_in_its_own(query):
    server = make_server()
    for name in ("vm10", "vm9", "Ähre", "zoo", "Apfel"):
        make_replica(server, name)

    assert list(complaints_of(query)) == ["sort"]
    assert replicas_of(query) == ["Ähre", "Apfel", "vm9", "vm10", "zoo"]


def test_of_several_values_the_good_ones_count():
    oslo, bergen = make_server("oslo"), make_server("bergen")
    make_replica(oslo, "here")
    make_replica(bergen, "there")

    assert replicas_of(f"server=abc&server={oslo.pk}&server=987654") == ["here"]
    assert len(replica_filters(f"server=abc&server={oslo.pk}&server=987654").complaints) == 2


def test_a_well_formed_value_that_nobody_knows_matches_nothing_and_not_everything():
    make_replica()

    for query in ("server=987654", f"replica={uuid4()}", "vm=987654", "state=Melted", "job=nobody", "platform_id=x"):
        assert replicas_of(query) == []


def test_a_state_that_nobody_knows_is_a_value_and_not_a_mistake():
    make_replica(name="odd", state="Quiesced")

    assert replicas_of("state=Quiesced") == ["odd"]
    assert complaints_of("state=Quiesced&state=Melted") == {}


@pytest.mark.parametrize("sort", ["created", "-created", "newest", "-newest"])
def test_no_date_sorts_last_both_ways(sort):
    server = make_server()
    make_replica(server, "none", created_at=None, newest_point_at=None)
    make_replica(server, "early", created_at=NOON, newest_point_at=NOON)
    make_replica(server, "late", created_at=NOON + timedelta(1), newest_point_at=NOON + timedelta(1))

    assert replicas_of(f"sort={sort}") == (["late", "early"] if sort[0] == "-" else ["early", "late"]) + ["none"]


@pytest.mark.parametrize("sort", ["policy", "-policy"])
def test_no_text_sorts_last_both_ways(sort):
    server = make_server()
    for name, policy in (("none", ""), ("a", "a"), ("b", "b")):
        make_replica(server, name, policy_id=policy)

    assert replicas_of(f"sort={sort}") == (["b", "a"] if sort[0] == "-" else ["a", "b"]) + ["none"]


@pytest.mark.parametrize("filters_of", [replica_filters, point_filters], ids=["replicas", "points"])
@pytest.mark.parametrize("is_counted", [True, False], ids=["counted", "not counted"])
def test_walking_all_pages_in_any_order_meets_each_row_once(filters_of, is_counted):
    server, other = make_server(), make_server()
    for number in range(60):
        replica = make_replica(
            (server, other)[number % 2],
            f"replica {number % 7}",
            type="CDP" if number % 3 else "Regular",
            created_at=NOON + timedelta(days=number % 5) if number % 4 else None,
            state=("Ready", "", "Failover")[number % 3],
            newest_point_at=NOON if number % 2 else None,
        )
        make_point(
            make_vm(replica, f"vm {number % 3}"),
            created_at=NOON + timedelta(hours=number % 5),
            malware=("Clean", "")[number % 2],
        )
    rows = Replica.objects.all() if filters_of is replica_filters else RestorePoint.objects.all()

    total = 60 if is_counted else None
    for order in filters_of("").orders:
        for sort in (order, f"-{order}"):
            met = []
            for number in (1, 2, 3, 4):
                page = filters_of(f"sort={sort}&per_page=25&page={number}").page_of(rows.all, total)
                met += [row.pk for row in page.rows]
                assert page.has_next == (number < 3)
                assert page.is_past_the_end == (number == 4)
            whole = filters_of(f"sort={sort}&per_page=250").page_of(rows.all, None)
            assert met == [row.pk for row in whole.rows], sort
            assert len(set(met)) == 60


@pytest.mark.parametrize("number", [FURTHEST // 50 + 2, 4_000_000, 10**19])
def test_a_page_however_far_past_the_end_has_no_rows_and_says_so(number):
    make_replica()

    page = replica_filters(f"page={number}").page_of(Replica.objects.all, None)

    assert page.rows == []
    assert page.is_past_the_end


def test_what_is_not_the_number_of_a_page_shows_no_page_and_not_the_first():
    make_replica()

    page = replica_filters("page=abc").page_of(Replica.objects.all, 1)

    assert (page.number, page.rows, page.total) == (None, [], 1)
