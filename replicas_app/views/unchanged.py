"""Is a part of a list still what the browser has of it? A tag says what the part is made of; the same one, and it is.

Only parts have one. A page is kept by no browser (`no-store`), so that Back shows nothing after a sign-out; then there
is nothing that could be found unchanged either.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.crypto import salted_hmac

from replicas_app.filters.answers import Answer
from replicas_app.models import Person
from replicas_app.models.servers import IN_LISTS
from replicas_app.release import fingerprint

VARIES_ON = ("HX-Target", "HX-Boosted", "HX-History-Restore-Request", "Cookie")
"""What else than HX-Request decides which part is given, and to whom."""
COLUMNS_OF_PERSON = [field.attname for field in Person._meta.concrete_fields]


def tag_of(request: HttpRequest, answer: Answer) -> str | None:
    """A weak tag, since each part has a CSRF token of its own, which is as good as the one before.

    None where nobody can tell what the part hangs on, or where it is another one every second.
    """
    if not answer.filters.version or _changes_every_second(answer):
        return None
    made_of = [fingerprint(), request.get_full_path(), request.htmx.target, _person(request), _data(answer)]
    return f'W/"{salted_hmac(__name__, repr(made_of), algorithm="sha256").hexdigest()[:32]}"'


def tagged(response: HttpResponse, tag: str | None) -> HttpResponse:
    if tag:
        response["ETag"] = tag
    patch_vary_headers(response, VARIES_ON)
    return response


def _changes_every_second(answer: Answer) -> bool:
    """Whether it counts the seconds for which a replica is left alone, or the records of a first read."""
    rests = answer.shows_acts and any(row.rested_at for row in answer.rows)
    return rests or any(notice.reading for notice in answer.notices)


def _data(answer: Answer) -> list[object]:
    """The rows by their version, with what changes beside it: their ages, rescans that have them, the servers.

    The ages of rows are told to the minute, each from a second of its own: a part holds for the minute in which it was
    made, and the page brings ages that are behind up to date as soon as it has the part (static/js/app.js).
    """
    rescans = [(row.pk, row.open_rescan_id) for row in answer.rows] if answer.shows_acts else []
    servers = [[getattr(server, column) for column in IN_LISTS] for server in answer.filters.servers.values()]
    notices = [(notice.tone, notice.strong, notice.text) for notice in answer.notices]
    minute = answer.now.replace(second=0, microsecond=0)
    return [answer.filters.version, answer.total, minute, *_ages(answer), notices, servers, rescans]


def _ages(answer: Answer) -> list[str]:
    """How old what is in sight is, and, for the bar, how old all data is."""
    every = answer.age_of_all
    return [answer.age.words, answer.age.proof, every.words, every.unread, every.tone]


def _person(request: HttpRequest) -> list[object]:
    """Rights, and all else that is known of who asks; and the secret to which the tokens of the part belong."""
    return [request.META.get("CSRF_COOKIE"), *(getattr(request.user, column) for column in COLUMNS_OF_PERSON)]
