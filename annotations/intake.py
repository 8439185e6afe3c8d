"""From bytes to a checked job: size, file store, verdict. The queue comes after, in ``moves.enqueue``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files.base import File
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from accounts.models import User
from annotations.catalogue import UnknownReference, reference_named
from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading.preflight import Verdict, preflight
from annotations.engine.reference import Reference
from annotations.models import Job, JobEvent, JobStatus, PrivateSource
from gas_site.storage import file_store

MAX_NAME = 120
ENDING = 20  # characters of a long name's end that are kept
# What a look at a file may end with, beside a verdict.
REFUSALS = (InputRefused, UnknownReference)


class TooLarge(Exception):
    """The file is larger than the user's plan takes."""

    def __init__(self, size: int | None, limit: int) -> None:
        self.size = size
        self.limit = limit
        has, takes = filesizeformat(size or 0), filesizeformat(limit)
        if has == takes:  # a few bytes too many
            has, takes = f"{size:,} bytes", f"{limit:,} bytes"
        told = f"This file is {has}" if size else "This file is too large"
        super().__init__(f"{told}. Your plan takes files up to {takes}.".replace("\xa0", " "))


@dataclass(frozen=True)
class Upload:
    """What arrived: a name chosen by the user, a size in bytes and the content in pieces."""

    name: str
    size: int
    content: File[bytes]


def check_size(user: User, size: int) -> None:
    """Raise TooLarge when the user's plan does not take a file of ``size`` bytes."""
    limit = user.plan.max_upload_bytes
    if limit is not None and size > limit:
        raise TooLarge(size, limit)


def receive(user: User, upload: Upload, reference_name: str) -> Job:
    """Store the upload, look at it, and return a ticket that ``moves.enqueue`` can accept.

    Where the file contradicts the reference and fits another, the ticket is for that one and its verdict says so.
    Raises TooLarge, UnknownReference, or the engine's InputRefused; then nothing stays behind. The row comes before
    the file: if this process is killed in between, the sweep finds the ticket and removes the file with it.
    """
    from annotations.fitting import fitting_verdict  # noqa: PLC0415 (it asks this module)

    check_size(user, upload.size)
    reference = reference_named(reference_name)
    job = _ticket(user, clean_name(upload.name), reference.name)
    try:
        job.input_size = _store(upload, job.input_key)
        verdict = fitting_verdict(job.input_key, job.file_name, reference)
        job.verdict, job.reference = verdict.to_json(), verdict.reference
        job.save(update_fields=["input_size", "verdict", "reference"])
    except BaseException:
        withdraw(job)
        raise
    JobEvent.objects.create(job=job, status=JobStatus.UPLOADING, note="uploaded and checked")
    return job


def check(key: str, name: str, reference: Reference) -> Verdict:
    """Look at the head of a stored file. Raises InputRefused with the line, the column and the fix."""
    with file_store().glimpse(key) as path:
        return preflight(path, reference, name=clean_name(name), limits=Limits())


def copy_of(job: Job) -> Job:
    """Return a new ticket for the same files: what a rerun is. Raises FileNotFoundError when one is gone."""
    kept = {"input_size": job.input_size, "verdict": job.verdict, "haplotype_aware": job.haplotype_aware}
    ticket = _ticket(job.user, job.file_name, job.reference, **kept)
    try:
        file_store().duplicate(job.input_key, ticket.input_key)
        for source in job.private_sources.all():
            _copy_source(source, ticket)
    except BaseException:
        withdraw(ticket)
        raise
    JobEvent.objects.create(job=ticket, status=JobStatus.UPLOADING, note=f"rerun of {job.short_id}")
    return ticket


def _copy_source(source: PrivateSource, ticket: Job) -> None:
    key = f"uploads/{ticket.pk}/{source.key.rsplit('/', 1)[-1]}"
    file_store().duplicate(source.key, key)
    source.pk, source.job, source.key = None, ticket, key
    source.save(force_insert=True)


def clean_name(name: str) -> str:
    """Return the file's own name: no directories, no control characters, never empty, at most 120 characters.

    A longer one loses its middle: people know a file by how its name begins, and programs by how it ends.
    """
    base = PurePosixPath(name.replace("\\", "/")).name
    visible = "".join(character for character in base if character.isprintable()).strip()
    if len(visible) > MAX_NAME:
        visible = f"{visible[: MAX_NAME - ENDING - 1]}…{visible[-ENDING:]}"
    return visible if visible.strip(".") else "variants.vcf"


def ticket_for(user: User, name: str, reference: str, size: int, **fields: Any) -> Job:
    """Return a new row that knows where its file is going to lie; ``size`` is what is announced."""
    return _ticket(user, clean_name(name), reference, input_size=size, **fields)


def _ticket(user: User, file_name: str, reference: str, **fields: Any) -> Job:
    """Return a new row that knows where its file is going to lie."""
    job = Job(user=user, file_name=file_name, reference=reference, **fields)
    job.input_key = f"uploads/{job.pk}/input"
    job.save(force_insert=True)
    return job


def withdraw(ticket: Job) -> None:
    """Remove a ticket that came to nothing: hidden first, its files next, its row last, as in every deletion.

    One that was accepted since it was looked up, from a second tab, stays: its files are another's to remove.
    """
    same = Job.objects.filter(pk=ticket.pk, status=JobStatus.UPLOADING, awaits_upload=ticket.awaits_upload)
    if not same.update(deleted_at=timezone.now()):
        return
    for prefix in ticket.keys:
        file_store().remove_tree(prefix)
    ticket.delete()


def _store(upload: Upload, key: str) -> int:
    """Put the upload into the store: a file that Django has on disk is renamed, not copied again."""
    content = upload.content
    if isinstance(content, TemporaryUploadedFile):
        file_store().adopt(Path(content.temporary_file_path()), key)
        return upload.size
    return file_store().receive(_chunks(content), key)


def _chunks(content: File[bytes]) -> Iterator[bytes]:
    yield from content.chunks()
