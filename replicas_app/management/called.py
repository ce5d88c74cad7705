"""The server that a command is about."""

from django.core.management.base import CommandError

from replicas_app.models import BackupServer


def server_called(name: str) -> BackupServer:
    """Raises CommandError with the names that there are."""
    server = BackupServer.objects.filter(name__iexact=name).first()
    if server is None:
        names = ", ".join(BackupServer.objects.by_name().values_list("name", flat=True))
        raise CommandError(
            f"There is no server called {name}. " + (f"There are: {names}." if names else "There is none yet.")
        )
    return server
