"""From bytes to data that can be stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicas_app.vbr.bodies import parse_json

TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(DATA, st.booleans())
def test_any_data_comes_through_but_for_what_cannot_be_stored(data, escaped):
    body = json.dumps(data, ensure_ascii=escaped).encode("utf-8", "replace" if not escaped else "strict")

    stored = json.dumps(parse_json(body), ensure_ascii=False)

    assert "\\u0000" not in stored.replace("\\\\", "")
    assert stored.encode("utf-8")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))))
def test_text_that_can_be_stored_is_not_touched(texts):
    assert parse_json(json.dumps(texts).encode()) == texts


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "x\xff\xfey"}', {"a": "x\ufffd\ufffdy"}),
        (b'{"a": "tab\tand\x01"}', {"a": "tab\tand\x01"}),
        (b'{"a": NaN, "b": -Infinity}', {"a": None, "b": None}),
        (b'{"\\ud83d": ["\\ud83d", "\\ud83d\\ude00", "\\u0000"]}', {"\ufffd": ["\ufffd", "\U0001f600", "\ufffd"]}),
    ],
)
def test_json_that_is_not_quite_right_is_read(body, data):
    assert parse_json(body) == data


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[" * 100_000, b"9" * 5000, b"\x00", b'{"a": 1'])
def test_what_is_no_json_is_a_value_error(body):
    with pytest.raises(ValueError):
        parse_json(body)
