"""Signing in and out, and choosing a password. There is no reset by mail: an admin makes a one-time link."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView, PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils import timezone

from replicas_app.models import SignInAttempts
from replicas_app.people import link_tokens
from replicas_app.times import duration_words


class SignInForm(AuthenticationForm):
    """A name and its password. After some wrong ones, the next try for this name from this address has to wait."""

    error_messages = {
        "invalid_login": "This name and this password do not belong together. Small and capital letters differ in it.",
    }

    def __init__(self, request: HttpRequest | None = None, *args: object, **kwargs: object) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "User name"

    def clean(self) -> dict[str, str]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not username or not password:
            return self.cleaned_data
        address = self.request.META.get("REMOTE_ADDR", "")
        if wait := SignInAttempts.objects.begin(username, address, timezone.now()):
            raise ValidationError(_wait_words(wait), code="wait")
        cleaned = super().clean()
        SignInAttempts.objects.forget(username, address)
        return cleaned


class SignIn(LoginView):
    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOut(LogoutView):
    next_page = reverse_lazy("login")


class PasswordChange(PasswordChangeView):
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("overview")

    def form_valid(self, form: Form) -> HttpResponse:
        messages.success(self.request, "Your password is changed. Your other browsers have to sign in again.")
        return super().form_valid(form)


class PasswordSet(PasswordResetConfirmView):
    """The end of a one-time link: choose a password, and be signed in."""

    template_name = "accounts/password_set.html"
    token_generator = link_tokens
    post_reset_login = True
    success_url = reverse_lazy("overview")

    def form_valid(self, form: Form) -> HttpResponse:
        messages.success(self.request, "Your password is set, and you are signed in. The link no longer works.")
        return super().form_valid(form)


def _wait_words(wait: timedelta) -> str:
    seconds = timedelta(seconds=max(1, round(wait.total_seconds())))
    return f"Too many wrong passwords for this name. Try again in {duration_words(seconds)}."
