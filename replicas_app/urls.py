"""The addresses of the pages. Their names are in DESIGN.md, section 4."""

from django.urls import path

from replicas_app.views import accounts, activity, overview, people, replicas, rescans, restore_points, servers, vms

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("replicas/", replicas.replica_list, name="replicas"),
    path("replicas/<int:pk>/", replicas.replica_detail, name="replica"),
    path("vms/", vms.vm_list, name="vms"),
    path("vms/<int:pk>/", vms.vm_detail, name="vm"),
    path("restore-points/", restore_points.restore_point_list, name="restore-points"),
    path("restore-points/<int:pk>/", restore_points.restore_point_detail, name="restore-point"),
    path("servers/", servers.server_list, name="servers"),
    path("servers/add/", servers.server_add, name="server-add"),
    path("servers/<int:pk>/", servers.server_detail, name="server"),
    path("servers/<int:pk>/edit/", servers.server_edit, name="server-edit"),
    path("servers/<int:pk>/remove/", servers.server_remove, name="server-remove"),
    path("servers/<int:pk>/toggle/", servers.server_toggle, name="server-toggle"),
    path("servers/<int:pk>/test/", servers.server_test, name="server-test"),
    path("servers/<int:pk>/sync/", servers.server_sync, name="server-sync"),
    path("servers/<int:pk>/accept-drop/", servers.server_accept_drop, name="server-accept-drop"),
    path("servers/<int:pk>/pin/", servers.server_pin, name="server-pin"),
    path("servers/<int:pk>/runs/<int:run_pk>/", servers.sync_run, name="sync-run"),
    path("rescans/", rescans.rescan_list, name="rescans"),
    path("rescans/new/", rescans.rescan_ask, name="rescan-ask"),
    path("rescans/acts/", rescans.rescan_acts, name="rescan-acts"),
    path("rescans/start/", rescans.rescan_start, name="rescan-start"),
    path("rescans/<int:pk>/", rescans.rescan_detail, name="rescan"),
    path("rescans/<int:pk>/stop/", rescans.rescan_stop, name="rescan-stop"),
    path("activity/", activity.activity, name="activity"),
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
