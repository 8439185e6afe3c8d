"""Answers from this site with what lies in a bucket: the object, or the range of it that a script asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from gas_site.ranges import CHUNK
from gas_site.s3_objects import Objects, told_apart

#: One range; S3 answers several with the whole object, and so does our own disk.
_RANGE = re.compile(r"bytes=(\d{1,18}-\d{0,18}|-\d{1,18})")


class Outside(Exception):
    """The range lies outside the object."""


def passed_on(request: HttpRequest, objects: Objects, key: str, file_name: str, content_type: str) -> HttpResponseBase:
    """Return the object (200), a range of it (206), or 416 when the range lies outside. Raises FileNotFoundError."""
    try:
        answer = _asked(request, objects, key)
    except Outside:
        return HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    status = HTTPStatus.PARTIAL_CONTENT if "ContentRange" in answer else HTTPStatus.OK
    body = _pieces(answer["Body"]) if "Body" in answer else iter(())
    response = StreamingHttpResponse(body, status=status, content_type=content_type)
    response["Content-Length"] = str(answer["ContentLength"])
    if "ContentRange" in answer:
        response["Content-Range"] = answer["ContentRange"]
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file_name) or "attachment"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = answer["ETag"]
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _asked(request: HttpRequest, objects: Objects, key: str) -> Mapping[str, Any]:
    """Ask S3 for the head, the object or the range. Raises Outside, FileNotFoundError, StoreAway."""
    if request.method == "HEAD":
        return objects.head(key)
    asked = request.headers.get("Range", "").replace(" ", "")
    try:
        with told_apart():
            if _RANGE.fullmatch(asked):
                return objects.client.get_object(Bucket=objects.bucket, Key=key, Range=asked)
            return objects.client.get_object(Bucket=objects.bucket, Key=key)
    except OSError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and cause.response.get("Error", {}).get("Code") == "InvalidRange":
            raise Outside from error
        raise


def _pieces(body: StreamingBody) -> Iterator[bytes]:
    with closing(body):
        yield from body.iter_chunks(CHUNK)
