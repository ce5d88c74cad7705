"""The numbers beside the choices of a list, the links that change what is asked for, and the chips that say it."""

import pytest

from tests.factories import make_replica, make_server, make_vm
from tests.pages.filtering import answer_of, counts_of, replica_filters, replicas_of

pytestmark = pytest.mark.django_db


def test_each_facet_is_counted_without_its_own_choice_and_with_all_others():
    oslo, bergen = make_server("oslo"), make_server("bergen")
    for server, state, count in ((oslo, "Ready", 3), (oslo, "Failover", 2), (bergen, "Ready", 1), (bergen, "", 1)):
        for _ in range(count):
            make_replica(server, state=state)

    query = f"state=Ready&server={oslo.pk}"

    assert answer_of(query).total == 3
    assert counts_of(query, "state") == {"Ready": 3, "Failover": 2}
    assert counts_of(query, "server") == {str(oslo.pk): 3, str(bergen.pk): 1}
    assert counts_of("", "state") == {"Ready": 4, "Failover": 2, "none": 1}


def test_a_facet_counts_spellings_and_synonyms_together_as_the_list_shows_them():
    server = make_server()
    for type, state in (("Regular", "Ready"), ("Snapshot", "READY"), ("CDP", "ready")):
        make_replica(server, type=type, state=state)

    assert counts_of("", "type") == {"Snapshot": 2, "CDP": 1}
    assert counts_of("type=CDP", "state") == {}
    assert counts_of("state=Ready", "state") == {"Ready": 3}
    assert len(replicas_of("state=Ready")) == 3


def test_every_number_in_a_facet_is_the_length_of_the_list_behind_it():
    oslo, bergen = make_server("oslo"), make_server("bergen")
    for number in range(24):
        make_replica(
            (oslo, bergen)[number % 2],
            state=("Ready", "Failover", "", "Odd", "ready")[number % 5],
            type=("Regular", "Snapshot", "CDP")[number % 3],
            platform=("VMware", "HyperV", "")[number % 3],
            worst_malware=("Clean", "", None, "Infected", "NotScanned")[number % 5],
        )

    for name in ("server", "state", "type", "platform", "malware"):
        counted = counts_of(f"q=tier&server={oslo.pk}" if name != "server" else "q=tier", name)
        others = f"server={oslo.pk}&" if name != "server" else ""
        assert counted == {value: len(replicas_of(f"{others}{name}={value}")) for value in counted}
        assert sum(counted.values()) == (12 if name != "server" else 24)


def test_a_value_that_is_asked_for_stays_among_the_choices_when_nothing_has_it():
    make_replica(state="Ready")

    assert counts_of("state=Failback", "state") == {"Ready": 1, "Failback": 0}


def test_links_change_what_they_say_and_keep_everything_else():
    filters = replica_filters(
        "q=a%26b&state=Ready&state=Odd&sort=-created&page=9&per_page=25&type=&state=Ready&sever=1"
    )
    kept = "/replicas/?q=a%26b&state=Ready&state=Odd"

    assert str(filters.address) == f"{kept}&sort=-created&page=9&per_page=25&sever=1"
    assert filters.heads["created"].href == f"{kept}&sort=created&per_page=25&sever=1"
    assert filters.heads["name"].href == f"{kept}&sort=name&per_page=25&sever=1"
    assert filters.page_href(10) == f"{kept}&sort=-created&per_page=25&sever=1&page=10"
    assert filters.page_href(1) == f"{kept}&sort=-created&per_page=25&sever=1"
    assert filters.sizes[2] == ("100", f"{kept}&sort=-created&per_page=100&sever=1", False)
    assert [chip.href for chip in filters.chips] == [
        "/replicas/?state=Ready&state=Odd&sort=-created&per_page=25&sever=1",
        "/replicas/?q=a%26b&sort=-created&per_page=25&sever=1",
    ]
    assert filters.clear_href == "/replicas/?sort=-created&per_page=25"


def test_a_chip_says_what_is_asked_for_in_words():
    server = make_server("vbr-oslo")
    vm = make_vm(make_replica(server, "tier 1"), "web-01")
    query = (
        f"q=sql*&server={server.pk}&state=ReadyToSwitch&malware=NotScanned&type=Regular&job=a&job=b&policy=a&policy=b"
        f"&policy=c&policy=d&created_after=2026-11-25T13:30&replica={vm.replica.uuid}&vm={vm.pk}&removed=1"
    )

    assert {chip.name: chip.words for chip in replica_filters(query).chips} == {
        "name or id": "sql*",
        "server": "vbr-oslo",
        "type": "Snapshot",
        "state": "Ready to switch",
        "malware": "Not scanned",
        "job id": "a or b",
        "policy id": "a, b or 2 more",
        "created after": "25 Nov 2026, 13:30 UTC",
        "replica": "tier 1",
        "vm": "web-01",
        "removed": "shown too",
    }
