"""What a request may claim: nothing by default; with TRUST_PROXY_HEADERS, what three headers of the proxy say."""

import re
from collections.abc import Iterator

import pytest
import requests

from replicas_app.choices import Role
from replicas_app.models import SignInAttempts
from tests.factories import PASSWORD, make_person
from tests.proxy.conftest import SUB_PATH, Site

FORGED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.test", "X-Forwarded-For": "203.0.113.9"}
WRONG = {"username": "anna", "password": "a guess"}


@pytest.fixture(scope="module")
def bare(serve) -> Iterator[Site]:
    """A dashboard that nobody told about a proxy."""
    with serve(PUBLIC_URL="") as site:
        yield site


@pytest.fixture(scope="module")
def trusting(serve) -> Iterator[Site]:
    """Behind a proxy that names the host, the scheme and the caller in headers of its own."""
    with serve("/dr", TRUST_PROXY_HEADERS="1") as site:
        told = {"Host": "127.0.0.1:8000", "X-Forwarded-Host": site.front.origin.removeprefix("https://")}
        site.front.told = told | {"X-Forwarded-Proto": "https", "X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
        yield site


@pytest.fixture(scope="module")
def named_as_a_page(serve) -> Iterator[Site]:
    with serve("/replicas", cuts=True) as site:
        yield site


def past_the_proxy(site: Site, path: str, **headers: str) -> requests.Response:
    return requests.get(site.direct + path, headers=headers, allow_redirects=False, timeout=30)


def test_headers_that_anybody_can_send_are_not_believed(bare, visit):
    visitor = visit(bare)
    visitor.headers.update(FORGED)
    visitor.sign_in(make_person(role=Role.ADMIN))

    redirect = past_the_proxy(bare, "/servers", **FORGED)
    page = visitor.get(f"{bare.direct}/servers/")

    assert redirect.headers["Location"] in ("/servers/", "/accounts/login/?next=/servers")
    assert f"from {bare.direct}/servers/" in page.text
    assert re.findall(r"evil|https://", page.text) == []
    assert page.cookies.list_domains() in ([], ["127.0.0.1"])
    assert not any(cookie.secure for cookie in visitor.cookies)


def test_behind_a_proxy_nobody_becomes_another_host_by_saying_so(under_a_path, visit):
    visitor = visit(under_a_path)
    visitor.headers.update(FORGED | {"X-Forwarded-Proto": "http"})
    visitor.sign_in(make_person(role=Role.ADMIN))

    page = visitor.get("/servers/")

    assert (page.status_code, "evil" in page.text) == (200, False)
    assert f"from {under_a_path.url}/servers/" in page.text


def test_a_host_that_is_not_ours_is_refused(under_a_path):
    answer = past_the_proxy(under_a_path, "/accounts/login/", Host="evil.test")

    assert (answer.status_code, "ALLOWED_HOSTS" in answer.text) == (400, True)


def test_a_proxy_that_is_trusted_names_host_and_scheme(trusting, visit, real_passwords):
    visitor = visit(trusting)
    person = make_person("anna", role=Role.ADMIN)

    visitor.get("/accounts/login/")
    signed_in = visitor.send_form("/accounts/login/", {"username": "anna", "password": PASSWORD, "next": ""})
    page = visitor.get(f"/people/{person.pk}/")

    assert signed_in.headers["Location"] == "/dr/"
    assert f"from {trusting.url}/people/{person.pk}/" in page.text
    assert {(cookie.path, cookie.secure) for cookie in visitor.cookies} == {("/dr", True)}


def test_a_trusted_proxy_that_came_by_http_is_led_to_https(trusting):
    told = {"X-Forwarded-Host": trusting.front.told["X-Forwarded-Host"], "X-Forwarded-Proto": "http"}

    answer = past_the_proxy(trusting, "/dr/servers/", **told)

    assert (answer.status_code, answer.headers["Location"]) == (301, f"{trusting.url}/servers/")


def test_a_trusted_proxy_that_says_no_scheme_is_not_led_round_in_circles(trusting):
    answer = past_the_proxy(trusting, "/dr/servers/")

    assert answer.headers["Location"] == "/dr/accounts/login/?next=/dr/servers/"


def test_a_trusted_proxy_cannot_name_a_host_that_is_not_allowed(trusting):
    answer = past_the_proxy(trusting, "/accounts/login/", **FORGED)

    assert answer.status_code == 400


@pytest.mark.parametrize(("kind", "caller"), [("under_a_path", "127.0.0.1"), ("trusting", "203.0.113.9")])
def test_who_guesses_passwords_is_known_by_the_address_that_a_trusted_proxy_names(kind, caller, request, visit):
    visitor = visit(request.getfixturevalue(kind))

    visitor.get("/accounts/login/", headers=FORGED)
    visitor.send_form("/accounts/login/", WRONG, **{"X-Forwarded-For": "203.0.113.9"})

    assert list(SignInAttempts.objects.values_list("username", "address")) == [("anna", caller)]


@pytest.mark.parametrize("cuts", [False, True], ids=["passed on", "cut off"])
@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 302, ""),
        ({"Origin": "https://evil.test"}, 403, 'It came from <span class="id">https://evil.test</span>'),
        ({"Origin": "null"}, 403, "Referrer-Policy"),
        ({"Origin": None}, 302, ""),
        ({"Origin": None, "Referer": "https://evil.test/"}, 403, "https://evil.test/"),
        ({"Origin": None, "Referer": None}, 403, "Referrer-Policy"),
    ],
    ids=["ours", "foreign", "hidden", "only a referrer", "a foreign referrer", "nothing"],
)
def test_a_form_from_elsewhere_is_refused_and_the_page_names_the_setting(
    under_a_path, visit, cuts, headers, status, words
):
    under_a_path.front.cuts = cuts
    visitor = visit(under_a_path)
    visitor.sign_in(make_person(role=Role.ADMIN))

    answer = visitor.send_form("/accounts/logout/", **headers)

    assert answer.status_code == status
    assert status == 302 or ("PUBLIC_URL" in answer.text and words in answer.text)


@pytest.mark.parametrize("host", ["10.42.8.201:8000", "anything.test", ""])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", f"{SUB_PATH}/healthz", f"{SUB_PATH}/readyz"])
def test_the_health_pages_answer_under_the_sub_path_and_beside_it_whatever_the_host(under_a_path, path, host, db):
    answer = past_the_proxy(under_a_path, path, Host=host)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_a_sub_path_may_have_the_name_of_a_page_where_the_proxy_cuts_it_off(named_as_a_page, visit):
    visitor = visit(named_as_a_page)
    visitor.sign_in(make_person(role=Role.ADMIN))

    pages = {path: visitor.get(path).text for path in ("/", "/replicas/", "/servers/")}

    titles = {path: re.search("<title>(.*?) ·", page)[1] for path, page in pages.items()}
    assert titles == {"/": "Overview", "/replicas/": "Replicas", "/servers/": "Servers"}


def test_a_proxy_that_passes_the_name_of_a_page_on_is_told_so(named_as_a_page, visit):
    named_as_a_page.front.cuts = False
    try:
        answer = visit(named_as_a_page).get("/accounts/login/")
    finally:
        named_as_a_page.front.cuts = True

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/plain")
    assert "let it cut /replicas off" in answer.text
