"""Downloads answer Range as RFC 9110 has it, under the right file name."""

from __future__ import annotations

from email.message import Message
from pathlib import Path

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from gas_site.ranges import ranged_response

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


def ask(path: Path, method: str = "GET", name: str = "a.vcf.gz", **headers: str) -> HttpResponseBase:
    request = RequestFactory().generic(method, "/", headers=headers)
    return ranged_response(request, path.open("rb"), name, "application/gzip")


def body(response: HttpResponseBase) -> bytes:
    assert isinstance(response, HttpResponse | StreamingHttpResponse)
    return response.getvalue()


def test_without_a_range_the_whole_file_is_sent(file: Path) -> None:
    response = ask(file)
    assert response.status_code == 200
    assert response["Content-Length"] == "1024"
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "application/gzip"
    assert body(response) == CONTENT


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-199", 100, 199),
        ("bytes=1000-", 1000, 1023),
        ("bytes=1000-5000", 1000, 1023),
        ("bytes=-24", 1000, 1023),
        ("bytes=-5000", 0, 1023),
        ("bytes=1023-1023", 1023, 1023),
        ("Bytes=0-9", 0, 9),
    ],
)
def test_one_range_is_sent_as_206(file: Path, wanted: str, first: int, last: int) -> None:
    response = ask(file, Range=wanted)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_the_file_is_refused_with_its_size(file: Path, wanted: str) -> None:
    response = ask(file, Range=wanted)
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"
    assert body(response) == b""


def test_any_range_of_an_empty_file_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    assert ask(empty, Range="bytes=0-").status_code == 416
    assert ask(empty).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=-",
        "bytes=9-3",
        "bytes=a-b",
        "lines=0-9",
        "bytes=0-9,20-29",
        "bytes 0-9",
        "0-9",
        "bytes=" + "9" * 5000 + "-",
        "bytes=٣-٤",
    ],
)
def test_a_range_that_cannot_be_read_is_ignored(file: Path, wanted: str) -> None:
    response = ask(file, Range=wanted)
    assert response.status_code == 200
    assert body(response) == CONTENT


def test_if_range_sends_the_rest_of_the_same_file_only(file: Path) -> None:
    tag = ask(file)["ETag"]
    same = ask(file, **{"Range": "bytes=0-9", "If-Range": tag})
    assert same.status_code == 206
    other = ask(file, **{"Range": "bytes=0-9", "If-Range": '"another"'})
    assert other.status_code == 200
    assert body(other) == CONTENT


def test_the_tag_changes_with_the_content(file: Path) -> None:
    before = ask(file)["ETag"]
    file.write_bytes(CONTENT + b"x")
    assert ask(file)["ETag"] != before


def test_a_head_request_ignores_the_range(file: Path) -> None:
    response = ask(file, "HEAD", Range="bytes=0-9")
    assert response.status_code == 200
    assert response["Content-Length"] == "1024"


@pytest.mark.parametrize(
    "name",
    [
        "plain.annot.vcf.gz",
        "Grüße 变异.vcf.gz",
        'quo"te.vcf',
        "back\\slash.vcf",
        "semi;colon=x.vcf",
        "per%20cent.vcf",
        "comma, space.vcf",
        "../../etc/passwd",
        "tab\there.vcf",
        "line\r\nSet-Cookie: a=b.vcf",
        "<script>alert(1)</script>.vcf",
    ],
)
def test_the_file_name_arrives_as_it_is_and_breaks_no_header(file: Path, name: str) -> None:
    response = ask(file, name=name)
    header = response["Content-Disposition"]
    assert header.startswith("attachment; filename")
    assert "\r" not in header
    assert "\n" not in header
    header.encode("ascii")
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_filename() == name
    assert response["X-Content-Type-Options"] == "nosniff"
