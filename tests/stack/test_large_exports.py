"""Exports too large to wait for: ordered on the page, made by the stack's own worker, announced by mail, complete."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import openpyxl

from annotations.exports.formats import AT_ONCE_ROWS, AT_ONCE_ROWS_OF_EXCEL
from bench.genome import CONTIG
from bench.site import Site
from tests.stack.genome import NAME
from tests.stack.processes import until
from tests.stack.stacks import Stack

#: What the page's filter leaves for Excel: a part of the genome.
REGION = f"{CONTIG}:1-600,000"


def order(stack: Stack, owner: Site, job: str, name: str, query: str) -> dict[str, object]:
    """Have a file made on the page of exports, and wait until the worker has made it."""
    page = f"/annotations/{job}/export/?{query}"
    assert "Make the file" in owner.get(page)
    owner.post(f"/annotations/{job}/export/{name}/order/", {"query": query}, form=page)
    exports = "SELECT * FROM annotations_export WHERE job_id = ? AND format = ?"
    until(lambda: stack.rows(exports, UUID(job).hex, name)[0]["state"] in {"ready", "failed"}, 120, f"{name} is made")
    [row] = stack.rows(exports, UUID(job).hex, name)
    assert (row["state"], row["failure"], row["attempt"]) == ("ready", "", 1)
    return row


def fetch(owner: Site, job: str, made: dict[str, object]) -> bytes:
    """Download a file by the link on the page."""
    url = f"/annotations/{job}/export/made/{UUID(str(made['id']))}/"
    assert url in owner.get(f"/annotations/{job}/export/")
    with owner.opener.open(owner.address + url, timeout=120) as answer:
        content: bytes = answer.read()
    assert len(content) == made["size"]
    return content


def test_files_too_large_to_wait_for_are_made_by_a_worker_and_told_by_mail(
    stack: Stack, variants: Callable[[int], Path]
) -> None:
    owner = stack.person("exporter")
    job = owner.annotate(variants(AT_ONCE_ROWS + 1_000), NAME)
    stack.wait_for([job], 120, status={"completed"})
    [vcf] = (stack.data_dir / "files" / "results" / job).glob("*/*.vcf.gz")
    with gzip.open(vcf, "rt") as records:
        places = [tuple(line.split("\t", 2)[:2]) for line in records if not line.startswith("#")]
    assert len(places) > AT_ONCE_ROWS

    head, *lines = fetch(owner, job, order(stack, owner, job, "tsv", "")).decode().splitlines()
    names = head.split("\t")
    contig, pos = names.index("contig"), names.index("pos")
    rows = [line.split("\t") for line in lines]
    assert [(row[contig], row[pos]) for row in rows] == places
    assert {len(row) for row in rows} == {len(names)}

    book = order(stack, owner, job, "xlsx", f"region={REGION}")
    sheet = openpyxl.load_workbook(io.BytesIO(fetch(owner, job, book)), read_only=True)["Variants"]
    cells = sheet.iter_rows(values_only=True)
    at = next(cells).index("pos")
    found = [int(str(row[at])) for row in cells]
    assert len(found) > AT_ONCE_ROWS_OF_EXCEL
    assert found == [int(pos) for _, pos in places if int(pos) <= 600_000]

    until(lambda: len(stack.mails(f"/annotations/{job}/export/")) == 2, 60, "a mail for each file")
    for mail in stack.mails(f"/annotations/{job}/export/"):
        assert mail["To"] == "exporter@example.org"
        assert mail["Subject"].endswith("your export is ready")
        assert "21:" not in str(mail.get_payload())
