"""Behind a proxy: what follows from PUBLIC_URL, and what a request may not claim."""

import json
import subprocess
import sys

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from dashboard.environment import Misconfigured
from dashboard.middleware import PublicScheme, SubPath
from dashboard.public import PublicAddress, own_hosts
from tests.stack.running import PROJECT, surroundings

SHOWN = (
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "FORCE_SCRIPT_NAME",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SESSION_COOKIE_PATH",
    "STATIC_URL",
    "USE_X_FORWARDED_HOST",
    "SECURE_PROXY_SSL_HEADER",
)


def settings_with(tmp_path, **variables: str) -> dict[str, object]:
    shown = f"{{name: getattr(settings, name, None) for name in {SHOWN}}}"
    code = f"import json; from dashboard import settings; print(json.dumps({shown}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=surroundings(tmp_path, **variables), capture_output=True
    )
    return json.loads(done.stdout)


def test_hosts_cookies_origin_and_static_files_follow_from_one_variable(tmp_path):
    found = settings_with(tmp_path, PUBLIC_URL="https://Dash.example.com:8443/dr/")

    assert "dash.example.com" in found["ALLOWED_HOSTS"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://dash.example.com:8443"]
    assert found["FORCE_SCRIPT_NAME"] == "/dr"
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SESSION_COOKIE_PATH"] == "/dr"
    assert found["STATIC_URL"] == "/dr/static/"


def test_forwarded_headers_are_believed_only_when_somebody_said_so(tmp_path):
    by_default = settings_with(tmp_path)
    trusting = settings_with(tmp_path, TRUST_PROXY_HEADERS="1")

    assert by_default["USE_X_FORWARDED_HOST"] is False
    assert by_default["SECURE_PROXY_SSL_HEADER"] == ["PUBLIC_SCHEME", "https"]
    assert trusting["USE_X_FORWARDED_HOST"] is True
    assert trusting["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


@pytest.mark.parametrize(
    "url",
    [
        "dash.example.com",
        "ftp://dash",
        "https://",
        "https://u:p@dash",
        "https://dash/?a=1",
        "https://dash//dr",
        "https://dash/d r",
    ],
)
def test_what_nobody_can_type_is_no_public_address(url):
    with pytest.raises(Misconfigured, match="PUBLIC_URL must be the address that people type"):
        PublicAddress.read(url)


def test_an_ipv6_host_keeps_its_brackets():
    address = PublicAddress.read("http://[fd00::5]:8000/")

    assert (address.host, address.origin, address.path) == ("[fd00::5]", "http://[fd00::5]:8000", "")


def test_listening_everywhere_allows_this_machines_own_names_and_numbers_and_no_others():
    hosts = own_hosts("0.0.0.0")

    assert {"localhost", "127.0.0.1", "[::1]"} <= set(hosts)
    assert "*" not in hosts


def path_seen(settings, prefix: str, path: str) -> tuple[str, str]:
    """The page's path and the address in the browser, for a request that came in with `path`."""
    settings.FORCE_SCRIPT_NAME = prefix
    seen = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append((request.path_info, request.path))
        return HttpResponse()

    SubPath(answer)(RequestFactory().get(path))
    return seen[0]


@pytest.mark.parametrize(
    ("came_in", "page", "in_the_browser"),
    [
        ("/vms/", "/vms/", "/dr/vms/"),
        ("/dr/vms/", "/vms/", "/dr/vms/"),
        ("/dr/", "/", "/dr/"),
        ("/dr", "/", "/dr/"),
        ("/drafts/", "/drafts/", "/dr/drafts/"),
    ],
)
def test_a_proxy_may_pass_the_sub_path_on_or_cut_it_off(settings, came_in, page, in_the_browser):
    assert path_seen(settings, "/dr", came_in) == (page, in_the_browser)


@pytest.mark.parametrize(
    ("prefix", "came_in"),
    [
        ("/servers", "/servers/"),
        ("/accounts", "/accounts/login/"),
        ("/people/7", "/people/7/role/"),
        ("/static", "/static/a.css"),
    ],
)
def test_a_sub_path_with_which_pages_begin_is_taken_for_the_page(settings, prefix, came_in):
    assert path_seen(settings, prefix, came_in) == (came_in, f"{prefix}{came_in}")


@pytest.mark.parametrize("prefix", ["/server", "/replicas-dash", "/tools/replicas", "/people/kim"])
def test_a_sub_path_that_merely_resembles_a_page_may_be_passed_on(settings, prefix):
    assert path_seen(settings, prefix, f"{prefix}/servers/") == ("/servers/", f"{prefix}/servers/")


def scheme_of(settings, **headers: str) -> str:
    seen = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(request.scheme)
        return HttpResponse()

    settings.SECURE_PROXY_SSL_HEADER = ("PUBLIC_SCHEME", "https")
    PublicScheme(answer)(RequestFactory().get("/", headers=headers))
    return seen[0]


def test_links_are_https_behind_a_proxy_that_ends_tls_and_says_nothing(settings):
    settings.PUBLIC_URL = "https://dash.example.com"

    assert scheme_of(settings) == "https"


def test_nobody_makes_a_request_https_by_saying_so(settings):
    assert scheme_of(settings, x_forwarded_proto="https", public_scheme="https") == "http"
