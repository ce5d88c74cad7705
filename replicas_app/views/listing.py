"""How every list answers: the page, the part that was asked for, or only the counts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import push_url

from replicas_app.filters.answers import Answer
from replicas_app.views.shared import announce, wants_part

WHOLE = "browse"
"""The id of the element that holds list and form. What htmx replaces by default is the list alone."""
COUNTS = "facets"
"""The id of the ticks with their counts, which a second request brings where counting takes long."""


def list_answer(request: HttpRequest, answer: Answer, *, page: str, parts: str, **context: object) -> HttpResponse:
    """The list as a page; for htmx, the part that replaces what it names as its target, and the address to show.

    `parts`: the folder with the parts of the page. An export is refused as long as there is none: a file that is not
    what was asked for would be believed.
    """
    context |= {"answer": answer, "filters": answer.filters}
    if answer.filters.wants_export:
        return render(request, page, context, status=400)
    if not wants_part(request):
        return render(request, page, context)
    if request.htmx.target == COUNTS:
        return announce(render(request, "lists/_counts.html", context), answer.total_words)
    part = "_whole.html" if request.htmx.target == WHOLE else "_part.html"
    response = render(request, f"{parts}/{part}", context)
    return announce(push_url(response, str(answer.filters.address)), answer.total_words)
