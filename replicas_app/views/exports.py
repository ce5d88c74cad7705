"""A list as a file to keep."""

import logging
from tempfile import TemporaryFile

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from replicas_app.exports import FORMATS, Sheet, Stream
from replicas_app.filters.answers import Answer

KNOWS_NO_BREAK = "HTTP/1.0"
"""The protocol in which a transfer that was broken off looks like one that came to its end, unless its length is told.
Some proxies still speak it to the servers behind them."""

logger = logging.getLogger(__name__)


def file_of(request: HttpRequest, answer: Answer, sheet: Sheet) -> HttpResponseBase:
    """All rows of the list in its order, in the format that `export` asks for. HEAD learns of the file, and no more."""
    filters = answer.filters
    format = FORMATS[filters.cleaned_data["export"]]
    name = sheet.file_name(format.suffix, answer.now)
    headers = {"Content-Type": format.content_type, "Content-Disposition": f'attachment; filename="{name}"'}
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    logger.info("person %s exports %s", request.user.pk, name)
    stream = Stream(filters.sorted(filters.apply(answer.all_rows)), sheet, format)
    if request.META.get("SERVER_PROTOCOL") == KNOWS_NO_BREAK:
        return _with_its_length(stream, headers)
    return StreamingHttpResponse(stream, headers=headers)


def _with_its_length(stream: Stream, headers: dict[str, str]) -> FileResponse:
    """Written to the disk first, so that its length can be told."""
    file = TemporaryFile()  # noqa: SIM115  the response closes it
    try:
        file.writelines(stream)
    finally:
        stream.close()
    file.seek(0)
    return FileResponse(file, headers=headers)
