"""Addresses as people type them (C37)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicas_app.vbr import BadAddress, parse_address


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("vbr01", "https://vbr01:9419"),
        ("vbr01:9419", "https://vbr01:9419"),
        ("vbr01:443", "https://vbr01:443"),
        ("https://vbr01", "https://vbr01:9419"),
        ("HTTPS://VBR01.example.test:9419/", "https://vbr01.example.test:9419"),
        ("https://vbr01.example.test.:9419", "https://vbr01.example.test:9419"),
        (" vbr01:9419 ", "https://vbr01:9419"),
        ("https://vbr01:9419/swagger/ui/index.html", "https://vbr01:9419"),
        ("https://vbr01:9419/swagger/ui/index.html?urls.primaryName=V1.3-REV0#/Login", "https://vbr01:9419"),
        ("https://vbr01:9419/api", "https://vbr01:9419"),
        ("https://vbr01:9419/api/v1/replicas?limit=1", "https://vbr01:9419"),
        ("https://gate.example.test:443/vbr/one/", "https://gate.example.test:443/vbr/one"),
        ("https://gate.example.test:443/vbr/API/v1/serverTime", "https://gate.example.test:443/vbr"),
        ("https://gate.example.test:443/api/vbr", "https://gate.example.test:443/api/vbr"),
        ("https://gate.example.test:443/ä b".replace(" ", ""), "https://gate.example.test:443/%C3%A4b"),
        ("http://127.0.0.1:9451", "http://127.0.0.1:9451"),
        ("http://localhost:9451", "http://localhost:9451"),
        ("http://[::1]:9451", "http://[::1]:9451"),
        ("https://[::1]:9451", "https://[::1]:9451"),
        ("[2001:DB8:0:0::1]", "https://[2001:db8::1]:9419"),
        ("https://[fe80::1%25eth0]:9451", "https://[fe80::1%25eth0]:9451"),
        ("https://[fe80::1%eth0]:9451", "https://[fe80::1%25eth0]:9451"),
        ("https://[::ffff:127.0.0.1]:9451", "https://127.0.0.1:9451"),
        ("https://bücher.example:9419", "https://xn--bcher-kva.example:9419"),
        ("https://BÜCHER.example:9419", "https://xn--bcher-kva.example:9419"),
        ("vbr_01.corp", "https://vbr_01.corp:9419"),
        ("10.0.0.5", "https://10.0.0.5:9419"),
    ],
)
def test_each_spelling_is_taken_in_one_normal_form(typed, normal):
    assert parse_address(typed).url == normal


def test_two_spellings_of_one_server_are_equal():
    assert parse_address("VBR01") == parse_address("https://vbr01:9419/swagger/ui/index.html")


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("", "Type the server's address"),
        ("https://::1:9451", "brackets"),
        ("::1", "brackets"),
        ("https://[::1", "brackets"),
        ("https://[::1]x:9419", "brackets"),
        ("https://[nonsense]:9419", "not an IPv6 address"),
        ("https://[fe80::1%25]:9419", "zone"),
        ("https://vbr01:99999", "65535"),
        ("vbr01:0", "65535"),
        ("vbr01:", "65535"),
        ("vbr01:94I9", "65535"),
        ("vbr01:٣", "65535"),
        ("https://svc:pw@vbr01", "user name"),
        ("https://svc/pw@vbr01", "user name"),
        ("vbr01:9398", "Enterprise Manager"),
        ("http://vbr01:9419", "HTTPS only"),
        ("http://10.0.0.5", "HTTPS only"),
        ("ftp://vbr01", "https://"),
        ("https://", "host"),
        ("https://vbr 01", "spaces"),
        ("https:\\\\vbr01", "backslashes"),
        ("https://vbr01\n.example", "line breaks"),
        ("https://vbr01/../x", "dots"),
        ("https://vbr01/a//b", "empty parts"),
        ("vbr..example", "host name"),
        ("-vbr", "host name"),
        ("vbr!01", "host name"),
        ("x" * 64, "host name"),
        ("☃.\u200b.example", "no host name can have"),
        ("127.1", "IPv4"),
        ("010.0.0.5", "IPv4"),
        ("0x7f.1", "IPv4"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_wrong(typed, word):
    with pytest.raises(BadAddress) as refused:
        parse_address(typed)

    assert word in str(refused.value)


def test_credentials_in_an_address_are_not_repeated_in_the_refusal():
    with pytest.raises(BadAddress) as refused:
        parse_address("https://svc:geheim@vbr01")

    assert "geheim" not in str(refused.value)


def test_what_was_assumed_and_what_was_left_off_is_told():
    assert parse_address("https://vbr01/swagger/ui/index.html").notes == (
        "No port was typed: 9419 is used. A server that answers on 443 needs :443 typed.",
        "/swagger/ui/index.html was left off: it belongs to a page of the server.",
    )
    assert parse_address("https://vbr01:443").notes == ()


HOSTS = st.one_of(
    st.from_regex(r"[a-z][a-z0-9]{0,10}(\.[a-z][a-z0-9]{0,5})?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.sampled_from(["bücher.example", "faß.example", "例え.example", "[fe80::1%25eth0]"]),
)


@given(
    host=HOSTS,
    port=st.integers(1, 65535).filter(lambda port: port not in (9398, 9399)),
    path=st.from_regex(r"(/[a-z%é]{1,5}){0,2}", fullmatch=True),
)
def test_a_typed_port_is_kept_and_the_normal_form_is_its_own_normal_form(host, port, path):
    address = parse_address(f"https://{host}:{port}{path}")

    assert address.port == port
    assert parse_address(address.url) == address
    assert parse_address(address.url).url == address.url


@given(st.text(max_size=60))
def test_any_text_is_taken_or_refused_in_words(text):
    try:
        address = parse_address(text)
    except BadAddress as refused:
        assert str(refused)
        return
    assert address.url.isascii()
    assert parse_address(address.url) == address
