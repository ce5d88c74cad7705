"""The people page, and what a role allows."""

import re

import pytest
from django.contrib.auth import get_user
from django.test import Client

from replicas_app.choices import Role
from replicas_app.models import Person
from replicas_app.people import Refused, change_role
from tests.factories import PASSWORD, make_person
from tests.pages.reading import PART
from tests.threads import at_once

pytestmark = pytest.mark.django_db
ALL = ["replicas_app.rescan", "replicas_app.sync", "replicas_app.manage_servers", "replicas_app.manage_people"]


@pytest.fixture
def admin(signed_in) -> Client:
    return signed_in(make_person("adam", role=Role.ADMIN))


def words(answer) -> list[str]:
    """The messages that the answer shows."""
    return [str(message) for message in answer.context["messages"]]


def link_in(answer) -> str:
    found = re.search(r'value="http://testserver(/accounts/password/set/[^"]+)"', answer.content.decode())
    return found.group(1) if found else ""


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.VIEWER, []), (Role.OPERATOR, ALL[:2]), (Role.ADMIN, ALL)],
)
def test_a_role_says_what_one_may_do_and_no_query_is_needed_for_it(role, allowed, django_assert_num_queries):
    person = make_person(role=role)

    with django_assert_num_queries(0):
        assert [permission for permission in ALL if person.has_perm(permission)] == allowed


def test_a_superuser_is_an_admin_whatever_the_role_and_somebody_inactive_may_nothing():
    boss = make_person(role=Role.VIEWER, is_superuser=True)
    gone = make_person(role=Role.ADMIN, is_active=False)

    assert [boss.has_perm(permission) for permission in ALL] == [True] * 4
    assert [gone.has_perm(permission) for permission in ALL] == [False] * 4


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize("path", ["", "add/", "1/", "1/deactivate/", "1/link/"])
def test_only_admins_see_the_people_pages(signed_in, role, path):
    assert signed_in(role=role).get(f"/people/{path}").status_code == 403


@pytest.mark.parametrize("path", ["add/", "{pk}/role/", "{pk}/deactivate/", "{pk}/reactivate/", "{pk}/link/"])
def test_only_admins_change_people(signed_in, path):
    other = make_person(role=Role.VIEWER)
    client = signed_in(role=Role.OPERATOR)

    answer = client.post(f"/people/{path.format(pk=other.pk)}", {"username": "new", "role": Role.ADMIN})

    assert answer.status_code == 403
    assert sorted(Person.objects.values_list("role", "is_active")) == [("operator", True), ("viewer", True)]


def test_the_list_shows_everybody_with_role_and_state_in_one_query_for_all(admin, django_assert_num_queries):
    make_person("vera", role=Role.VIEWER)
    make_person("otto", role=Role.OPERATOR, is_active=False)

    with django_assert_num_queries(4):  # session, person, people, the data's age
        answer = admin.get("/people/")

    rows = re.findall(r'<tr data-person.*?<a href="[^"]+">(\w+)</a>.*?<td>(\w+)</td>', answer.content.decode(), re.S)
    assert rows == [("adam", "Admin"), ("otto", "Operator"), ("vera", "Viewer")]


def test_a_new_person_gets_a_link_that_is_shown_once(admin):
    answer = admin.post("/people/add/", {"username": "vera", "role": Role.OPERATOR}, follow=True)
    again = admin.get(answer.request["PATH_INFO"])

    vera = Person.objects.get(username="vera")
    assert (vera.role, vera.has_usable_password()) == (Role.OPERATOR, False)
    assert link_in(answer) != ""
    assert link_in(again) == ""


def test_the_link_of_a_new_person_lets_them_choose_a_password(admin, client):
    link = link_in(admin.post("/people/add/", {"username": "vera", "role": Role.VIEWER}, follow=True))

    form = client.get(link)["Location"]
    client.post(form, {"new_password1": "a river of tea 9", "new_password2": "a river of tea 9"})

    assert get_user(client).username == "vera"


@pytest.mark.parametrize("username", ["adam", "ADAM", "", "two words", "x" * 151, "nul\x00"])
def test_a_name_that_cannot_be_is_told_beside_its_field(admin, username):
    answer = admin.post("/people/add/", {"username": username, "role": Role.VIEWER})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["username"]
    assert Person.objects.count() == 1


def test_a_role_that_does_not_exist_is_refused(admin):
    vera = make_person("vera")

    answer = admin.post(f"/people/{vera.pk}/role/", {"role": "emperor"})

    assert answer.status_code == 422
    assert Person.objects.get(pk=vera.pk).role == Role.VIEWER


def test_a_changed_role_holds_from_the_next_click(admin, signed_in):
    vera = make_person("vera")
    hers = signed_in(vera)

    answer = admin.post(f"/people/{vera.pk}/role/", {"role": Role.ADMIN}, follow=True)

    assert words(answer) == ["vera is now Admin."]
    assert hers.get("/people/").status_code == 200


def test_deactivating_asks_first_and_then_ends_every_session_at_once(admin, signed_in):
    vera = make_person("vera")
    hers = signed_in(vera)

    question = admin.get(f"/people/{vera.pk}/deactivate/")
    assert hers.get("/accounts/password/change/").status_code == 200
    admin.post(f"/people/{vera.pk}/deactivate/")

    assert "Deactivate vera?" in question.content.decode()
    assert hers.get("/accounts/password/change/").status_code == 302


def test_somebody_who_is_let_in_again_needs_the_new_link_and_no_old_session_revives(admin, signed_in, client):
    vera = make_person("vera")
    hers = signed_in(vera)
    admin.post(f"/people/{vera.pk}/deactivate/")

    answer = admin.post(f"/people/{vera.pk}/reactivate/", follow=True)

    assert link_in(answer) != ""
    assert not get_user(hers).is_authenticated
    assert not client.login(username="vera", password=PASSWORD)


@pytest.mark.parametrize(
    ("act", "fields", "told"),
    [
        ("role", {"role": Role.VIEWER}, "You cannot change your own role. Another admin can."),
        ("deactivate", {}, "You cannot deactivate yourself. Another admin can."),
    ],
)
def test_an_admin_cannot_give_up_themselves(admin, act, fields, told):
    answer = admin.post(f"/people/{admin.person.pk}/{act}/", fields, follow=True)

    assert words(answer) == [told]
    assert Person.objects.values_list("role", "is_active").get() == (Role.ADMIN, True)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_at_once_leave_one():
    anna, bert = make_person("anna", role=Role.ADMIN), make_person("bert", role=Role.ADMIN)

    def demote(person: Person, by: Person) -> bool:
        try:
            change_role(person, Role.VIEWER, by=by)
        except Refused:
            return False
        return True

    done = at_once(2, lambda number: demote(*[(anna, bert), (bert, anna)][number]))

    assert sorted(done) == [False, True]
    assert Person.objects.admins().count() == 1


def test_a_question_is_a_dialog_for_htmx_and_a_page_for_everything_else(admin):
    address = f"/people/{make_person('vera').pk}/link/"

    part = admin.get(address, headers=PART).content.decode()
    page = admin.get(address).content.decode()

    assert (part.lstrip().startswith("<dialog"), "<html" in part) == (True, False)
    assert ("<dialog" in page, "<html" in page) == (False, True)
