"""Ending a rescan before its time: at once while it waits, by the server once it runs."""

from django.utils import timezone

from replicas_app.choices import RescanState
from replicas_app.models import Person, Rescan
from replicas_app.rescans import rows, words


def stop(rescan: Rescan, person: Person) -> bool:
    """Cancel the rescan, or have its session stopped with the next step. Say whether there was something to do.

    While the server is being asked nothing can be taken back: the session is stopped as soon as it is known.
    """
    if rescan.state == RescanState.QUEUED and rows.end(rescan, words.cancelled(person.get_username())):
        return True
    now = timezone.now()
    unstopped = Rescan.objects.open().filter(pk=rescan.pk, stop_asked_at=None)
    return bool(unstopped.update(stop_asked_at=now, stop_asked_by=person, next_poll_at=now))
