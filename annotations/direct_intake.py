"""Files that go from the browser straight into the store: a ticket, the upload, and what is asked of the store then.

The ticket is a Job row that awaits its upload; ``moves.enqueue`` takes none before ``receive`` has looked at the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from annotations import intake
from annotations.catalogue import reference_named
from annotations.fitting import fitting_verdict
from annotations.models import Job, JobEvent, JobStatus
from gas_site.s3_uploads import MOST_BYTES_IN_A_FORM, DirectUploads, part_bytes, part_span
from gas_site.s3_writing import composite
from gas_site.storage import file_store


class NoDirectUploads(Exception):
    """The file store takes files through this server alone."""


def direct_uploads() -> DirectUploads:
    """Return who signs uploads. Raises NoDirectUploads."""
    direct = file_store().direct
    if direct is None:
        raise NoDirectUploads
    return direct


def announce(user: User, name: str, size: int, reference_name: str, sha256: str) -> Job:
    """Make the ticket of a file that is to come: of a known SHA-256 (base64) in one piece, else in parts.

    Raises NoDirectUploads, TooLarge, UnknownReference, StoreAway.
    """
    direct = direct_uploads()
    intake.check_size(user, size)
    reference = reference_named(reference_name)
    whole = sha256 if size <= MOST_BYTES_IN_A_FORM else ""
    job = intake.ticket_for(user, name, reference.name, size, awaits_upload=True, announced_sha256=whole)
    if not whole:
        direct.begin(job.input_key)
    return job


def instructions(job: Job) -> dict[str, Any]:
    """Return how the browser sends what is still to come: a form, or which parts are there. Raises StoreAway."""
    direct = direct_uploads()
    if job.announced_sha256:
        form = direct.form(job.input_key, job.input_size, job.announced_sha256)
        return {"kind": "form", "url": form.url, "fields": form.fields}
    parts = [{"number": part.number, "size": part.size, "sha256": part.sha256} for part in direct.parts(job.input_key)]
    return {"kind": "parts", "part_bytes": part_bytes(job.input_size), "parts": parts}


def part_link(job: Job, number: int, sha256: str) -> dict[str, Any]:
    """Return where one part goes. Raises ValueError for a part that the file has not, NotAsAnnounced, StoreAway."""
    length = part_span(job.input_size, number)
    url, headers = direct_uploads().part_link(job.input_key, number, length, sha256)
    return {"url": url, "headers": headers}


def receive(job: Job, checksums: Sequence[str]) -> Job:
    """Ask the store what has arrived, look at the file, and write the verdict: now ``moves.enqueue`` takes the job.

    ``checksums``: the SHA-256 of each part in base64, for a file that was announced without one. Raises NotAsAnnounced
    and StoreAway, after which the upload can go on; TooLarge, UnknownReference and InputRefused, after which nothing
    stays behind.
    """
    direct = direct_uploads()
    checksum = job.announced_sha256
    if not checksum:
        direct.finish(job.input_key, job.input_size, checksums)
        checksum = composite(checksums)
    direct.check(job.input_key, job.input_size, checksum)
    try:
        intake.check_size(job.user, job.input_size)
        verdict = fitting_verdict(job.input_key, job.file_name, reference_named(job.reference))
        job.verdict, job.reference = verdict.to_json(), verdict.reference
    except (intake.TooLarge, *intake.REFUSALS):
        intake.withdraw(job)
        raise
    waiting = Job.objects.filter(pk=job.pk, status=JobStatus.UPLOADING, awaits_upload=True)
    if waiting.update(awaits_upload=False, verdict=job.verdict, reference=job.reference):
        JobEvent.objects.create(job=job, status=JobStatus.UPLOADING, note="uploaded and checked")
    return job
