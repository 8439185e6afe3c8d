"""The page of the genome browser, and the files that it reads in ranges."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotations.availability import availability_of
from annotations.browsing.genes import named
from annotations.engine.reference import Reference
from annotations.explorer.views import closed
from annotations.job_page import reference_of
from annotations.models import Job, JobStatus, ResultFile
from annotations.views import CONTENT_TYPES, own_job
from gas_site.ranges import ranged_response
from gas_site.storage import file_store

#: What igv.js reads of a result, in ranges.
RECORDS = frozenset({"vcf", "index"})
TEXT = "text/plain; charset=utf-8"
#: NCBI's genetic codes with the amino acids of the standard one, the only one that igv.js knows.
SAME_AMINO_ACIDS = frozenset({1, 11})
#: igv.js reads a contig's genes whole.
MOST_GENE_BYTES = 20 << 20
_LOCUS = re.compile(r"([^\s:]{1,80}):(\d{1,10})(?:-(\d{1,10}))?")
#: Bases shown on either side of a position.
AROUND = 40
#: What igv.js does that the site's policy forbids everywhere else: it sets styles, draws icons from data, unpacks in
#: workers made of blobs. It still reaches no other site.
RELAXED = {
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "worker-src": ["'self'", "blob:"],
    "font-src": ["'self'", "data:"],
}


@login_required
@never_cache
@require_safe
@csp_update(RELAXED)  # type: ignore[arg-type]  # its type leaves out the arguments of a view
def browser(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show the records along the genome, at the place the URL names."""
    job = own_job(request, job_id)
    if job.status != JobStatus.COMPLETED:
        return redirect(job)
    job.availability = availability_of([job])[job.pk]
    if not job.availability.downloadable:
        return closed(request, job, HTTPStatus.CONFLICT)
    reference = reference_of(job)
    if reference is None:
        return closed(
            request, job, HTTPStatus.CONFLICT, f"The reference {job.reference} is not installed here any more."
        )
    locus, contig = _place(request.GET.get("at", ""), job, reference)
    context = {
        "job": job,
        "reference": reference,
        "locus": locus,
        "genes": f"genes-{contig}" if _readable_genes(reference, contig) else "",
    }
    return render(request, "annotations/browsing/browser.html", context)


@login_required
@require_safe
def reference_file(request: HttpRequest, job_id: UUID, kind: str) -> HttpResponseBase:
    """Send a file of the job's reference: ``fasta`` and ``fai`` in ranges, ``genes-0`` of the first contig whole."""
    reference = reference_of(own_job(request, job_id))
    if reference is None:
        raise Http404
    if kind in ("fasta", "fai"):
        path = reference.fasta if kind == "fasta" else Path(f"{reference.fasta}.fai")
        response: HttpResponseBase = ranged_response(request, path.open("rb"), path.name, TEXT)
    else:
        response = HttpResponse(_genes(reference, kind), content_type=TEXT)
    response["Cache-Control"] = "private, max-age=3600"
    return response


@login_required
@never_cache
@require_safe
def records(request: HttpRequest, job_id: UUID, kind: str) -> HttpResponseBase:
    """Send the annotated VCF or its index, or a range of it, from this site itself: igv.js may ask no other."""
    job = own_job(request, job_id)
    if kind not in RECORDS:
        raise Http404
    file = get_object_or_404(ResultFile, job=job, kind=kind)
    job.availability = availability_of([job]).get(job.pk)
    if job.availability is None or not job.availability.downloadable:
        return closed(request, job, HTTPStatus.CONFLICT)
    try:
        return file_store().serve_here(request, file.key, file.file_name, CONTENT_TYPES[kind])
    except FileNotFoundError as error:
        raise Http404 from error


def _genes(reference: Reference, kind: str) -> bytes:
    """Return a contig's genes as igv.js can show them. Raises Http404."""
    number = kind.removeprefix("genes-")
    if not (kind.startswith("genes-") and number.isdecimal() and len(number) < 7):
        raise Http404
    genes = _readable_genes(reference, int(number))
    if genes is None:
        raise Http404
    with genes.open("rb") as lines:
        return b"".join(named(lines, translated=reference.contigs[int(number)].genetic_code in SAME_AMINO_ACIDS))


def _readable_genes(reference: Reference, contig: int) -> Path | None:
    """Return the genes of a contig, by its number, if it has any and igv.js can read them whole."""
    genes = reference.contigs[contig].gff if contig < len(reference.contigs) else None
    return genes if genes and genes.is_file() and genes.stat().st_size <= MOST_GENE_BYTES else None


def _place(text: str, job: Job, reference: Reference) -> tuple[str, int]:
    """Return the locus to show, and the number of its contig; the contig with the most variants when none is named."""
    names = [contig.name for contig in reference.contigs]
    match = _LOCUS.fullmatch(text)
    if match and match[1] in names:
        start, end = int(match[2]), int(match[3] or match[2])
        return f"{match[1]}:{max(1, start - AROUND)}-{end + AROUND}", names.index(match[1])
    counts = job.summary.get("by_contig", {})
    name = max(names, key=lambda one: int(counts.get(one, 0)))
    number = names.index(name)
    # With its ends: igv.js takes a bare name for a gene's, and asks its own site where that is.
    return f"{name}:1-{reference.contigs[number].length}", number
