"""The people page: who may come in, and what they may do. For admins."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from replicas_app.choices import Role
from replicas_app.context import as_typed
from replicas_app.models import Person
from replicas_app.people import ROLE_WORDS, Refused, change_role, deactivate, make_link, reactivate
from replicas_app.views.shared import confirm

NEW_LINK = "new_link"
"""Where a session keeps a one-time link until the page that shows it, once."""

NAME_TAKEN = "Somebody else has this name."
LINK_DAYS = settings.PASSWORD_RESET_TIMEOUT // 86400

for_admins = permission_required("replicas_app.manage_people", raise_exception=True)


class RoleForm(forms.ModelForm):
    role = forms.ChoiceField(
        choices=[(role, f"{role.label}: {ROLE_WORDS[role]}") for role in Role], widget=forms.RadioSelect
    )

    class Meta:
        model = Person
        fields = ["role"]


class PersonForm(RoleForm):
    """A new person. The password is theirs to choose, by the link."""

    class Meta(RoleForm.Meta):
        fields = ["username", "role"]
        labels = {"username": "User name"}
        help_texts = {"username": "Letters, digits and @ . + - _"}

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if Person.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(NAME_TAKEN)
        return username

    def save(self, commit: bool = True) -> Person:
        self.instance.set_unusable_password()
        return super().save(commit)


@require_GET
@for_admins
def people_list(request: HttpRequest) -> HttpResponse:
    people = Person.objects.by_name()
    return render(request, "people/list.html", {"people": people})


@require_http_methods(["GET", "POST"])
@for_admins
def person_add(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None, initial={"role": Role.VIEWER})
    if form.is_valid() and (person := _added(form)):
        return _show_link(request, person)
    return render(request, "people/add.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
@for_admins
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    return render(request, "people/detail.html", _about(request, person, RoleForm(instance=person)))


@require_POST
@for_admins
def person_role(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return render(request, "people/detail.html", _about(request, person, form), status=422)
    try:
        change_role(person, Role(form.cleaned_data["role"]), by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{person} is now {person.get_role_display()}.")
    return redirect("person", pk)


@require_http_methods(["GET", "POST"])
@for_admins
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    if request.method == "GET":
        return confirm(request, "people/deactivate.html", {"person": person})
    try:
        deactivate(person, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{person} can no longer sign in, and is signed out everywhere.")
    return redirect("person", pk)


@require_POST
@for_admins
def person_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    reactivate(person)
    return _show_link(request, person)


@require_http_methods(["GET", "POST"])
@for_admins
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person.objects.active(), pk=pk)
    if request.method == "GET":
        return confirm(request, "people/link.html", {"person": person, "link_days": LINK_DAYS})
    return _show_link(request, person)


def _added(form: PersonForm) -> Person | None:
    """The new person; None, with the reason beside the field, when somebody else took the name a moment ago."""
    try:
        with transaction.atomic():
            return form.save()
    except IntegrityError:
        form.add_error("username", NAME_TAKEN)
        return None


def _show_link(request: HttpRequest, person: Person) -> HttpResponse:
    """Make a link, and show it on the person's page: once, and never in the answer to a POST that a reload repeats."""
    request.session[NEW_LINK] = [person.pk, make_link(person, timezone.now())]
    return redirect("person", person.pk)


def _about(request: HttpRequest, person: Person, form: RoleForm) -> dict[str, object]:
    return {
        "person": person,
        "form": form,
        "link": _take_link(request, person),
        "link_days": LINK_DAYS,
        "is_self": person == request.user,
    }


def _take_link(request: HttpRequest, person: Person) -> str:
    if request.session.get(NEW_LINK, [None])[0] != person.pk:
        return ""
    _, path = request.session.pop(NEW_LINK)
    return as_typed(request, path)
