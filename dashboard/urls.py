"""All addresses: the app's own, at the root."""

from importlib.util import find_spec

from django.urls import include, path

urlpatterns = [path("", include("replicas_app.urls"))] if find_spec("replicas_app.urls") else []
