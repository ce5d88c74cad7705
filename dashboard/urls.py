"""All addresses: the health pages, and the app's own at the root."""

from django.urls import include, path

from replicas_app.views import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("replicas_app.urls")),
]

handler400 = "replicas_app.views.errors.bad_request"
handler403 = "replicas_app.views.errors.forbidden"
handler404 = "replicas_app.views.errors.not_found"
handler500 = "replicas_app.views.errors.failed"
