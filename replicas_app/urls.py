"""The addresses of the pages. Their names are in DESIGN.md, section 4."""

from django.urls import path

from replicas_app.views import accounts, people

urlpatterns = [
    path("accounts/login/", accounts.SignIn.as_view(), name="login"),
    path("accounts/logout/", accounts.SignOut.as_view(), name="logout"),
    path("accounts/password/change/", accounts.PasswordChange.as_view(), name="password-change"),
    path("accounts/password/set/<uidb64>/<token>/", accounts.PasswordSet.as_view(), name="password-set"),
    path("people/", people.people_list, name="people"),
    path("people/add/", people.person_add, name="person-add"),
    path("people/<int:pk>/", people.person_detail, name="person"),
    path("people/<int:pk>/role/", people.person_role, name="person-role"),
    path("people/<int:pk>/link/", people.person_link, name="person-link"),
    path("people/<int:pk>/deactivate/", people.person_deactivate, name="person-deactivate"),
    path("people/<int:pk>/reactivate/", people.person_reactivate, name="person-reactivate"),
]
