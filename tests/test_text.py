"""How names are made fit for sorting and searching."""

import pytest

from replicas_app.text import search_lines, sort_key


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["vm9", "vm10", "vm100"], "digits count as numbers"),
        (["Alpha", "beta", "Gamma"], "capitals do not come first"),
        (["ab", "äc", "ad"], "a letter with a mark stands at its letter"),
        (["straße 1", "STRASSE 2", "strasse 3"], "other spellings of a letter stand with it"),
        (["№9", "№10"], "digits count as numbers behind other letters, too"),
    ],
)
def test_names_sort_as_people_sort_them(names, why):
    first, *others = map(sort_key, names)
    assert [first, *others] == sorted({first, *others}), why


@pytest.mark.parametrize("name", ["APP-SRV 7", "ÄPP-SRV 7"])
def test_a_name_of_plain_letters_takes_no_other_way_than_one_with_marks(name):
    assert sort_key(name) == "app-srv 000000000007"


def test_each_value_is_a_line_of_its_own_and_empty_ones_are_none():
    assert search_lines("Web 01", "", None, "Ready") == "\nweb 01\nready\n"


def test_a_line_break_inside_a_value_begins_no_line():
    assert search_lines("one\ntwo", "three") == "\none two\nthree\n"
