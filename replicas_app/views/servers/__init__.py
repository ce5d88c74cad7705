"""The pages of the backup servers: what is known of them, connecting and changing them, what one asks of them."""

from replicas_app.views.servers.acts import server_accept_drop, server_sync, server_test, server_toggle
from replicas_app.views.servers.forms import server_add, server_edit, server_pin, server_remove
from replicas_app.views.servers.pages import server_detail, server_list, sync_run

__all__ = [
    "server_accept_drop",
    "server_add",
    "server_detail",
    "server_edit",
    "server_list",
    "server_pin",
    "server_remove",
    "server_sync",
    "server_test",
    "server_toggle",
    "sync_run",
]
