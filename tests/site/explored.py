"""A completed job with a real result behind it, for the tests of the explorer's pages."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotations.models import Job, ResultFile
from gas_site.storage import file_store
from tests.engine.annotating import HEADER, Annotated, annotated, vcf
from tests.explorer.generated import FORMATS
from tests.site.factories import make_job

HOSTILE = "<script>alert(1)</script>"
LINES = [
    "MT 310 . T <DEL> . . . GT:AF 0/0:. ./.:.",
    f"MT 3460 {HOSTILE} G A 99 PASS NOTE={HOSTILE} GT:AF 0/1:0.25 1:1",
    "MT 8993 . T G,C 10 q10 . GT:AF 1/2:0.2,0.7 0/0:0,0",
    "MT 11778 rs199476112 G A . . . GT:AF 1:0.97 0/1:0.5",
    "MT 16519 . T C 40 PASS . GT:AF 1:1 1:1",
]
#: The row of the small file that is known for LHON.
LHON_ROW = 4
DECLARED = HEADER + FORMATS + '##INFO=<ID=NOTE,Number=1,Type=String,Description="x">\n'


def annotate_lines(directory: Path, lines: list[str] = LINES) -> Annotated:
    """Annotate a small file of two samples, one of them named to do harm."""
    return annotated(vcf(*lines, header=DECLARED, samples=f"\tFORMAT\tmother\t{HOSTILE}"), directory)


def explored_job(user: User, result: Annotated, **fields: Any) -> Job:
    """Make a completed job and put a real result's files behind its rows."""
    job = make_job(user, summary=result.summary, **fields)
    for kind in ("table", "vcf", "index"):
        file = ResultFile.objects.get(job=job, kind=kind)
        file_store().remove(file.key)
        with result.path(kind).open("rb") as content:
            file_store().receive(iter([content.read()]), file.key)
    return job


def at(name: str, job: Job, *more: object) -> str:
    """Return the address of a page of a job."""
    return reverse(f"annotations:{name}", args=[job.pk, *more])


def read(client: Client, url: str, status: int = 200) -> str:
    """Return a page's text."""
    response = client.get(url)
    assert response.status_code == status
    return response.content.decode()


def names(text: str) -> list[str]:
    """Return the variants of a page's rows, in order."""
    return [html.unescape(part.split("<b>")[1].split("</b>")[0]) for part in text.split('scope="row"')[1:]]
