"""Files that are announced before they come: a ticket, the upload, and what is asked of the store then.

Into a bucket they go past this server, onto a disk through it, in parts either way; into a bucket a short one goes in
one piece. The ticket is a Job row that awaits its upload; ``moves.enqueue`` takes none before ``receive`` has looked at
the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from annotations import intake
from annotations.catalogue import reference_named
from annotations.fitting import fitting_verdict
from annotations.models import TICKET_LIFE, Job, JobEvent, JobStatus
from gas_site.disk_room import NoRoom
from gas_site.disk_uploads import Body, DiskUploads
from gas_site.storage import file_store
from gas_site.upload_parts import NotAsAnnounced, composite, part_bytes, part_span

# How many unfinished uploads a page lists, the latest first.
MOST_LISTED = 5


@dataclass(frozen=True)
class Begun:
    """An upload that has begun and not ended: its ticket, bytes that have arrived, and when the rest is too late."""

    job: Job
    arrived: int
    until: datetime


def announce(user: User, name: str, size: int, reference_name: str, sha256: str) -> Job:
    """Make the ticket of a file that is to come: of a known SHA-256 (base64) in one piece, else in parts.

    Raises TooLarge, UnknownReference, StoreAway, and NoRoom; then nothing stays behind.
    """
    uploads = file_store().uploads
    intake.check_size(user, size)
    reference = reference_named(reference_name)
    whole = "" if isinstance(uploads, DiskUploads) or size > uploads.most_bytes_in_a_form else sha256
    job = intake.ticket_for(user, name, reference.name, size, awaits_upload=True, announced_sha256=whole)
    if not whole:
        try:
            uploads.begin(job.input_key, size)
        except NoRoom:
            intake.withdraw(job)
            raise
    return job


def instructions(job: Job) -> dict[str, Any]:
    """Return how the browser sends what is still to come: a form, or which parts are there. Raises StoreAway."""
    uploads = file_store().uploads
    if job.announced_sha256 and not isinstance(uploads, DiskUploads):
        form = uploads.form(job.input_key, job.input_size, job.announced_sha256)
        return {"kind": "form", "url": form.url, "fields": form.fields}
    parts = [{"number": part.number, "size": part.size, "sha256": part.sha256} for part in uploads.parts(job.input_key)]
    through_site = isinstance(uploads, DiskUploads)
    return {"kind": "parts", "through_site": through_site, "part_bytes": part_bytes(job.input_size), "parts": parts}


def begun(user: User) -> list[Begun]:
    """Return the user's unfinished uploads in parts. Raises StoreAway."""
    tickets = Job.objects.of(user).filter(status=JobStatus.UPLOADING, awaits_upload=True, announced_sha256="")
    uploads = file_store().uploads
    return [
        Begun(job, sum(part.size for part in uploads.parts(job.input_key)), job.created_at + TICKET_LIFE)
        for job in tickets.order_by("-created_at")[:MOST_LISTED]
    ]


def part_link(job: Job, number: int, sha256: str) -> dict[str, Any]:
    """Return where in the bucket one part goes.

    Raises ValueError for a part that the file has not, NotAsAnnounced, StoreAway.
    """
    uploads = file_store().uploads
    if isinstance(uploads, DiskUploads):
        raise NotAsAnnounced("parts come through this server")
    url, headers = uploads.part_link(job.input_key, number, part_span(job.input_size, number), sha256)
    return {"url": url, "headers": headers}


def take_part(job: Job, number: int, sha256: str, body: Body) -> None:
    """Write one part onto the disk, compared with its SHA-256.

    Raises ValueError for a part that the file has not, NotAsAnnounced, PartBusy, and NoRoom; then the whole upload is
    dropped: what it had taken is what the disk lacks.
    """
    uploads = file_store().uploads
    if not isinstance(uploads, DiskUploads):
        raise NotAsAnnounced("parts go into the bucket")
    try:
        uploads.receive(job.input_key, number, sha256, body)
    except NoRoom:
        intake.withdraw(job)
        raise


def receive(job: Job, checksums: Sequence[str]) -> Job:
    """Ask the store what has arrived, look at the file, and write the verdict: now ``moves.enqueue`` takes the job.

    ``checksums``: the SHA-256 of each part in base64, for a file that was announced without one. Raises NotAsAnnounced,
    PartBusy and StoreAway, after which the upload can go on; TooLarge, UnknownReference and InputRefused, after which
    nothing stays behind.
    """
    uploads = file_store().uploads
    checksum = job.announced_sha256
    if not checksum:
        uploads.finish(job.input_key, job.input_size, checksums)
        checksum = composite(checksums)
    uploads.check(job.input_key, job.input_size, checksum)
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
