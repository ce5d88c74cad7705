"""Signing in and out, and choosing a password."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from replicas_app.models import Person, SignInAttempts
from replicas_app.people import make_link
from tests.factories import PASSWORD, make_person

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
NEW_PASSWORD = "a river of tea 9"


def sign_in(client: Client, username: str, password: str, **extra: str):
    return client.post(LOGIN, {"username": username, "password": password}, **extra)


def test_a_right_password_leads_to_where_one_wanted_to_go(client):
    make_person("anna")

    answer = client.post(f"{LOGIN}?next=/replicas/%3Fq%3Dsql", {"username": "anna", "password": PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/replicas/?q=sql")


def test_a_next_address_of_another_site_is_not_followed(client):
    make_person("anna")

    answer = client.post(f"{LOGIN}?next=//evil.test/", {"username": "anna", "password": PASSWORD})

    assert answer["Location"] == "/"


def test_a_name_is_found_however_its_letters_are_cased(client):
    make_person("Anna")

    assert sign_in(client, "aNNA", PASSWORD).status_code == 302


def test_a_wrong_password_is_told_without_saying_which_of_the_two_was_wrong(client):
    make_person("anna")

    wrong = sign_in(client, "anna", "wrong").context["form"].non_field_errors()
    nobody = sign_in(client, "nobody", "wrong").context["form"].non_field_errors()

    assert wrong == nobody
    assert "do not belong together" in wrong[0]


def test_signing_in_changes_the_session_key(client):
    make_person("anna")
    client.get("/accounts/login/")
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key

    client.cookies["sessionid"] = before
    sign_in(client, "anna", PASSWORD)

    assert client.session.session_key != before


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(client):
    make_person("anna")
    for _ in range(5):
        sign_in(client, "anna", "wrong")

    answer = sign_in(client, "anna", PASSWORD)

    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == ["Too many wrong passwords for this name. Try again in 30 s."]


def test_waiting_is_for_one_name_from_one_address(client):
    make_person("anna")
    make_person("bert")
    for _ in range(6):
        sign_in(client, "anna", "wrong")

    assert sign_in(client, "bert", PASSWORD).status_code == 302
    assert sign_in(client, "anna", PASSWORD, REMOTE_ADDR="10.1.2.3").status_code == 302


def test_the_wait_doubles_with_each_wrong_password_up_to_a_quarter_of_an_hour():
    now = timezone.now()

    waits = [SignInAttempts(failures=failures, last_at=now).wait(now).total_seconds() for failures in range(4, 13)]

    assert waits == [0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_try_that_had_to_wait_does_not_count():
    now = timezone.now()
    for _ in range(5):
        SignInAttempts.objects.begin("anna", "::1", now)

    waits = [SignInAttempts.objects.begin("ANNA", "::1", now + timedelta(seconds=10)) for _ in range(3)]

    assert waits == [timedelta(seconds=20)] * 3


def test_a_right_password_forgets_the_wrong_ones(client):
    make_person("anna")
    for _ in range(4):
        sign_in(client, "anna", "wrong")

    sign_in(client, "anna", PASSWORD)

    assert not SignInAttempts.objects.exists()


def test_wrong_passwords_are_forgotten_after_an_hour():
    now = timezone.now()
    for _ in range(5):
        SignInAttempts.objects.begin("anna", "::1", now - timedelta(minutes=61))

    SignInAttempts.objects.begin("anna", "::1", now)

    assert [attempts.failures for attempts in SignInAttempts.objects.all()] == [1]


@pytest.mark.parametrize("username", ["", "\x00", "x" * 151, "İ" * 150])
def test_an_odd_name_is_refused_and_breaks_nothing(client, username):
    assert sign_in(client, username, "wrong").status_code == 200


def test_signing_out_takes_a_post(signed_in):
    client = signed_in()

    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert not get_user(client).is_authenticated


def test_a_changed_password_ends_the_other_browsers_and_keeps_this_one(signed_in):
    person = make_person()
    here, elsewhere = signed_in(person), signed_in(person)

    here.post(
        "/accounts/password/change/",
        {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD},
    )

    assert get_user(here).is_authenticated
    assert not get_user(elsewhere).is_authenticated


def test_a_password_that_is_too_easy_is_refused_with_the_reason(signed_in):
    answer = signed_in().post(
        "/accounts/password/change/", {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    )

    assert "at least 10 characters" in answer.content.decode()


def follow(client: Client, link: str) -> str:
    """Open a one-time link; the address of the form, or "" when the link no longer works."""
    answer = client.get(link)
    return answer["Location"] if answer.status_code == 302 else ""


def choose(client: Client, form: str):
    return client.post(form, {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD})


def test_a_one_time_link_sets_a_password_and_signs_in(client):
    person = make_person("anna")
    link = make_link(person, timezone.now())

    answer = choose(client, follow(client, link))

    assert answer["Location"] == "/"
    assert get_user(client) == person
    assert Person.objects.get().check_password(NEW_PASSWORD)


def test_a_one_time_link_works_once(client):
    link = make_link(make_person(), timezone.now())
    choose(client, follow(client, link))

    assert follow(Client(), link) == ""


def test_a_newer_link_ends_the_older_one(client):
    person = make_person()
    older = make_link(person, timezone.now() - timedelta(hours=1))
    newer = make_link(person, timezone.now())

    assert follow(client, older) == ""
    assert follow(client, newer) != ""


def test_a_link_ends_after_three_days(client, settings):
    settings.PASSWORD_RESET_TIMEOUT = -1
    link = make_link(make_person(), timezone.now())

    answer = client.get(link)

    assert (answer.status_code, "This link no longer works." in answer.content.decode()) == (200, True)


def test_a_link_of_somebody_who_was_deactivated_does_not_work(client):
    person = make_person()
    link = make_link(person, timezone.now())
    Person.objects.update(is_active=False)

    assert follow(client, link) == ""
