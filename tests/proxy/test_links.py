"""Every address that a page names leads through the proxy: to its scheme, its host and its sub-path."""

import re
from urllib.parse import urljoin

import pytest

from replicas_app.choices import Role
from tests.factories import make_person
from tests.proxy.conftest import Site, Visitor
from tests.proxy.crawl import Crawl
from tests.scene import Scene, link_for, set_scene

LAST = ("/remove/", "/deactivate/", "/password/change/", "/logout/")
"""Forms after which others would be refused, in the order in which they can be sent."""


@pytest.fixture(params=["passed on", "cut off", "no sub-path"])
def site(request) -> Site:
    """Behind each kind of proxy."""
    site = request.getfixturevalue("at_the_root" if request.param == "no sub-path" else "under_a_path")
    site.front.cuts = request.param == "cut off"
    site.front.strayed.clear()
    return site


@pytest.fixture
def scene(visitor) -> Scene:
    """The middle of a day, with an admin at the door."""
    admin = make_person(role=Role.ADMIN)
    visitor.sign_in(admin)
    return set_scene(admin)


@pytest.fixture
def visitor(site, visit) -> Visitor:
    return visit(site)


def test_no_address_and_no_form_leads_out_and_all_are_there(site, visitor, scene):
    crawl = Crawl(visitor).walk(*(site.url + path for path in scene.pages.values()))
    sent = {form: visitor.send_form(form, fields) for form, fields in sorted(crawl.forms.items(), key=turn_of)}

    leads = {urljoin(form, answer.headers.get("Location", "")) for form, answer in sent.items()}
    assert [address for address in crawl.named | leads if not is_inside(address, site)] == []
    assert site.front.strayed == []
    assert {address: status for address, status in crawl.statuses.items() if status not in (200, 204)} == {
        f"{site.url}/no/such/page/": 404
    }
    assert {
        form: answer.status_code for form, answer in sent.items() if answer.status_code not in (200, 302, 422)
    } == {}
    assert len(sent) > 12


def is_inside(address: str, site: Site) -> bool:
    return bool(re.match(rf"{re.escape(site.url)}(?=[/?]|$)", address))


def turn_of(form: tuple[str, dict[str, str]]) -> int:
    return next((turn for turn, end in enumerate(LAST, start=1) if form[0].endswith(end)), 0)


def test_a_one_time_link_can_be_typed_elsewhere_whatever_host_the_proxy_names(site, visitor, scene):
    site.front.told = {"Host": "127.0.0.1:8000"}  # as nginx does where nobody says otherwise
    try:
        made = visitor.send_form(f"/people/{scene.person.pk}/link/")
        page = visitor.get(made.headers["Location"].removeprefix(site.front.path))
    finally:
        site.front.told = {}

    assert re.findall(r'value="([^"]*/accounts/password/set/[^"]*)"', page.text) != []
    assert re.findall(r'value="((?!https://localhost)[^"]*/accounts/password/set/[^"]*)"', page.text) == []
    assert f"from {site.url}/people/{scene.person.pk}/" in page.text


def test_a_one_time_link_leads_through_the_proxy_to_the_form_and_into_the_dashboard(site, visit, scene):
    newcomer = visit(site)

    first = newcomer.get(link_for(scene.person))
    form = newcomer.get(urljoin(first.url, first.headers["Location"]))
    password = {"new_password1": "a long new password", "new_password2": "a long new password"}
    done = newcomer.send_form(form.url, password)

    assert is_inside(form.url, site)
    assert urljoin(form.url, done.headers["Location"]) == f"{site.url}/"
