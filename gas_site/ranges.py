"""Answers a download with Range, If-Range and the right file name (RFC 9110, section 14)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, http_date

CHUNK = 256 * 1024
# More digits than a file can have bytes are malformed; int() refuses above 4,300 of them.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range lies wholly outside the file."""


def ranged_response(request: HttpRequest, file: BinaryIO, file_name: str, content_type: str) -> HttpResponseBase:
    """Return the whole file (200), one range of it (206), or 416 when the range lies outside.

    Several ranges at once are answered with the whole file, as the RFC allows. The file is closed by the response.
    """
    status = os.fstat(file.fileno())
    tag = f'"{status.st_size:x}-{status.st_mtime_ns:x}"'
    try:
        span = _span(request, status.st_size, tag)
    except Unsatisfiable:
        file.close()
        response: HttpResponseBase = HttpResponse(status=416, headers={"Content-Range": f"bytes */{status.st_size}"})
        return response
    if span is None:
        response = FileResponse(file, content_type=content_type)
        response["Content-Length"] = str(status.st_size)
    else:
        first, last = span
        response = StreamingHttpResponse(_part(file, first, last), status=206, content_type=content_type)
        response["Content-Length"] = str(last - first + 1)
        response["Content-Range"] = f"bytes {first}-{last}/{status.st_size}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file_name) or "attachment"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    response["Last-Modified"] = http_date(int(status.st_mtime))
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _span(request: HttpRequest, size: int, tag: str) -> tuple[int, int] | None:
    """Return the first and last byte asked for, or None for the whole file. Raises Unsatisfiable."""
    if request.method != "GET":  # section 14.2: Range means nothing for HEAD
        return None
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if not match or request.headers.get("If-Range", tag) != tag or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last N bytes
        length = min(int(match[2]), size)
        if length == 0:
            raise Unsatisfiable
        return size - length, size - 1
    first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    if match[2] and int(match[2]) < first:
        return None  # malformed, so ignored
    if first >= size:
        raise Unsatisfiable
    return first, last


def _part(file: BinaryIO, first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = last - first + 1
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
