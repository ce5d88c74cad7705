"""What holds for the markup of every page, and no browser complains about."""

from collections import Counter

from replicas_app.choices import Role
from tests.factories import make_person
from tests.pages.reading import Reading, read
from tests.scene import set_scene

REFERRING = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "form")


def faults(page: Reading) -> list[str]:
    """The ids that it has twice, and those that it refers to and does not have."""
    ids = Counter(tag["id"] for tag in page.select("[id]"))
    named = [name for one in REFERRING for tag in page.select(f"[{one}]") for name in tag[one].split()]
    return [f"twice: {one}" for one, count in ids.items() if count > 1] + [
        f"not there: {one}" for one in named if one not in ids
    ]


def test_no_page_has_an_id_twice_or_refers_to_one_that_it_has_not(signed_in):
    admin = make_person(role=Role.ADMIN)
    scene, client = set_scene(admin), signed_in(admin)

    found = {
        name: faults(read(client, address, status=404 if name == "no page" else 200))
        for name, address in scene.pages.items()
    }

    assert {name: told for name, told in found.items() if told} == {}
