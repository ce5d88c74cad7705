"""What fits: lists into a window of 1280 px, and what is pressed under a finger."""

import pytest
from django.urls import reverse

from replicas_app.choices import Role
from tests.factories import make_person
from tests.scene import set_scene

LISTS = ("replicas", "vms", "restore-points", "rescans", "activity", "servers")
BEYOND = "boxes => boxes.map(one => one.scrollWidth - one.clientWidth)"
TOO_SMALL = """() => [...document.querySelectorAll("button, summary, select, input, .button, .facets label, .pager a")]
    .filter(one => one.checkVisibility() && !one.closest("label") && one.type !== "hidden")
    .filter(one => one.getBoundingClientRect().height < 40)
    .map(one => one.outerHTML)"""


@pytest.mark.parametrize("name", LISTS)
def test_no_list_has_to_be_scrolled_sideways_in_a_window_of_1280_pixels(page, sign_in, name):
    set_scene(sign_in())
    page.goto(reverse(name))

    assert page.locator(".table").evaluate_all(BEYOND) == [0]


def test_a_column_that_gives_way_comes_back_while_the_list_is_sorted_by_it(page, sign_in):
    set_scene(sign_in())
    page.goto("/vms/")
    is_shown_by_name = page.locator("#sort-job-id").is_visible()

    page.goto("/vms/?sort=job")

    assert (is_shown_by_name, page.locator("#sort-job-id").is_visible()) == (False, True)


def test_what_is_pressed_on_a_phone_is_at_least_40_pixels_high(page, sign_in):
    admin = sign_in(make_person("anna", role=Role.ADMIN))
    scene = set_scene(admin)
    page.set_viewport_size({"width": 390, "height": 844})

    for address in ("/", "/replicas/?state=Ready", scene.server.get_absolute_url(), "/servers/add/"):
        page.goto(address)
        page.locator("details.narrow > summary").evaluate_all("all => all.forEach(one => one.click())")

        assert page.evaluate(TOO_SMALL) == [], address
