"""Sources of a user's own: attached to a ticket, seen by nobody else, deleted with the job they were uploaded for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.db import transaction

from accounts.models import User
from annotations.catalogue import reference_named
from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.adding import genome_of
from annotations.engine.install.own import info_prefix, look_at
from annotations.engine.reference import Reference
from annotations.engine.task import OwnSource
from annotations.intake import Upload, clean_name
from annotations.models import Job, JobStatus, PrivateSource
from annotations.workplace import workplace
from gas_site.storage import file_store

#: Bytes of an uploaded source, as it comes: some 500,000 lines of a BED, five times that compressed.
MAX_BYTES = 20 * 1024 * 1024
MAX_SOURCES = 5
MAX_LABEL = 40


class SourceRefused(Exception):
    """A source cannot be attached; the text is for its owner."""


def may_add(user: User) -> bool:
    """Say whether the user's plan has sources of one's own."""
    return user.is_premium


def attach(job: Job, upload: Upload, label: str) -> PrivateSource:
    """Look at an uploaded source and keep it for the job, which awaits its confirmation.

    Raises SourceRefused with the line, the column and the fix, or UnknownReference; then nothing stays behind.
    """
    file_name = clean_name(upload.name)
    label = _label(label) or _label(file_name.split(".", 1)[0]) or "source"
    if upload.size > MAX_BYTES:
        raise SourceRefused(f"A source of your own may have {MAX_BYTES >> 20} MB. Compress it with gzip, or split it.")
    with workplace(f"source-{uuid.uuid4().hex}") as place:
        path = place / "source"
        with path.open("wb") as file:
            file.writelines(upload.content.chunks())
        found = check(path, file_name, label, reference_named(job.reference))
        source = PrivateSource(job=job, label=label, file_name=file_name, size=upload.size, **found)
        source.key = f"uploads/{job.pk}/source-{uuid.uuid4().hex}"
        with path.open("rb") as content:
            # The file comes first and goes with the ticket's prefix, whatever becomes of the row.
            file_store().receive(iter(lambda: content.read(1 << 20), b""), source.key)
    try:
        _insert(source)
    except SourceRefused:
        file_store().remove(source.key)
        raise
    return source


def check(path: Path, file_name: str, label: str, reference: Reference) -> dict[str, str]:
    """Hold a source against a reference; answers its format, how it is matched, and its first INFO field.

    Raises SourceRefused.
    """
    taken = {field.info for source in reference.sources for field in source.fields}
    try:
        found = look_at(path, file_name, label, genome_of(reference))
    except ReferenceRefused as error:
        raise SourceRefused(str(error)) from None
    infos = [field.info for field in found.request.fields]
    if clash := sorted(taken & set(infos)):
        raise SourceRefused(f"The reference has a field {clash[0]} of its own. Give your source another name.")
    return {"format": found.request.format, "match": found.request.match, "fields": ", ".join(infos)}


def check_again(job: Job, reference: Reference) -> None:
    """Hold all of a job's sources against another reference. Raises SourceRefused."""
    for source in job.private_sources.all():
        with file_store().local(source.key) as path:
            check(path, source.file_name, source.label, reference)


def detach(source: PrivateSource) -> None:
    """Remove a source from a ticket. The row first: a file that stays behind lies below the ticket and goes with it."""
    source.delete()
    file_store().remove(source.key)


@contextmanager
def own_sources(job: Job) -> Iterator[tuple[OwnSource, ...]]:
    """The job's sources as local files, for as long as the block runs."""
    with ExitStack() as held:
        yield tuple(
            OwnSource(held.enter_context(file_store().local(source.key)), source.label, source.file_name)
            for source in job.private_sources.all()
        )


def _insert(source: PrivateSource) -> None:
    """Write the row, if the job still awaits its confirmation and has room. Raises SourceRefused."""
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=source.job_id, status=JobStatus.UPLOADING).first()
        if job is None:
            raise SourceRefused("This file is on its way already. Run it again with your source.")
        prefixes = [info_prefix(other.label) for other in job.private_sources.all()]
        if len(prefixes) >= MAX_SOURCES:
            raise SourceRefused(f"A job takes {MAX_SOURCES} sources of your own. Remove one first.")
        if info_prefix(source.label) in prefixes:
            raise SourceRefused(f"There is a source {source.label} already. Give this one another name.")
        source.save(force_insert=True)


def _label(text: str) -> str:
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:MAX_LABEL].strip()
