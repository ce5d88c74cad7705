"""How every list answers: the page, the part that was asked for, or only the counts."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django_htmx.http import push_url

from replicas_app.exports import Sheet
from replicas_app.filters.answers import Answer
from replicas_app.views.exports import file_of
from replicas_app.views.shared import announce, wants_part
from replicas_app.views.unchanged import tag_of, tagged

WHOLE = "browse"
"""The id of the element that holds list and form. What htmx replaces by default is the list alone."""
COUNTS = "facets"
"""The id of the ticks with their counts, which a second request brings where counting takes long."""


def list_answer(
    request: HttpRequest, answer: Answer, *, page: str, parts: str, sheet: Sheet, **context: object
) -> HttpResponseBase:
    """The list as a page; for htmx, the part that replaces what it names as its target, and the address to show.

    `parts`: the folder with the parts of the page; `sheet`: the list as a file, for `export`. That is refused where a
    value of the address cannot be used: a file that is not what was asked for would be believed.
    """
    if answer.filters.wants_export and not answer.filters.is_refused:
        return file_of(request, answer, sheet)
    context |= {"answer": answer, "filters": answer.filters}
    if answer.filters.is_refused:
        return render(request, page, context, status=400)
    if not wants_part(request):
        return render(request, page, context)
    tag = tag_of(request, answer)
    return tagged(get_conditional_response(request, etag=tag) or _part(request, parts, context), tag)


def _part(request: HttpRequest, parts: str, context: dict[str, object]) -> HttpResponse:
    answer = context["answer"]
    if request.htmx.target == COUNTS:
        return announce(render(request, "lists/_counts.html", context), answer.total_words)
    part = "_whole.html" if request.htmx.target == WHOLE else "_part.html"
    response = render(request, f"{parts}/{part}", context)
    return announce(push_url(response, str(answer.filters.address)), answer.total_words)
