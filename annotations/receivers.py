"""What annotations does when accounts says that somebody goes, or wants their data."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Prefetch
from django.dispatch import receiver

from accounts.export import CHUNK, Entry, json_entry
from accounts.models import User
from accounts.signals import account_closing, collecting_export
from annotations import deleting
from annotations.models import DeletionReceipt, Job, JobEvent, SavedFilter
from gas_site.storage import file_store

logger = logging.getLogger(__name__)

PACKED = (".gz", ".bgz", ".parquet", ".tbi", ".bcf")


@receiver(account_closing)
def remove_jobs(sender: type[User], user: User, **kwargs: Any) -> str:
    """Delete every job of the user with its files, running ones too; raises when files stay, to be tried again."""
    jobs = Job.objects.filter(user=user)
    there_were = jobs.exists()
    for job in jobs.filter(deleted_at=None):
        deleting.delete(job)
    for pk in jobs.values_list("pk", flat=True):
        deleting.purge(pk)
    return "Your jobs are removed, with the files you uploaded and their results." if there_were else ""


@receiver(collecting_export)
def export_jobs(sender: type[User], user: User, **kwargs: Any) -> Iterator[Entry]:
    """Give every job: what is known of it, the file, the results that are in the file store now; and the receipts."""
    events = Prefetch("events", queryset=JobEvent.objects.order_by("at", "pk"))
    related = ("files", "private_sources", "notes", events)
    jobs = Job.objects.of(user).prefetch_related(*related).order_by("created_at")
    for job in jobs.iterator(chunk_size=200):
        folder = f"jobs/{job.created_at:%Y-%m-%d}-{job.short_id}"
        yield json_entry(f"{folder}/job.json", _described(job))
        files = [("input/" + job.file_name.replace("/", "_"), job.input_key)]
        files += [
            (f"sources/{number}-{source.file_name.replace('/', '_')}", source.key)
            for number, source in enumerate(job.private_sources.all(), start=1)
        ]
        files += [(file.file_name, file.key) for file in job.files.all()]
        for name, key in files:
            if file_store().has(key):
                yield Entry(f"{folder}/{name}", partial(_pieces, key), packed=name.endswith(PACKED))
    yield json_entry(
        "saved-filters.json", list(SavedFilter.objects.filter(user=user).values("name", "query", "created_at"))
    )
    receipts = DeletionReceipt.objects.filter(owner=user.pk).order_by("pk")
    yield json_entry(
        "deleted-jobs.json", list(receipts.values("job", "asked_at", "removed_at", "files", "bytes", "details"))
    )


def _described(job: Job) -> dict[str, Any]:
    plain = (
        "pk",
        "status",
        "file_name",
        "reference",
        "input_size",
        "failure",
        "created_at",
        "started_at",
        "finished_at",
    )
    files = [
        {"kind": file.kind, "name": file.file_name, "size": file.size, "sha256": file.sha256}
        for file in job.files.all()
    ]
    return {
        **{name: getattr(job, name) for name in plain},
        "notes": [{"row": note.row, "text": note.text, "at": note.updated_at} for note in job.notes.all()],
        "links": list(
            job.links.values("label", "with_variants", "with_exports", "created_at", "expires_at", "revoked_at")
        ),
        "exports": list(job.exports.values("format", "query", "rows", "state", "created_at", "expires_at")),
        "check": job.verdict,
        "summary": job.summary,
        "files": files,
        "events": [{"at": event.at, "status": event.status, "note": event.note} for event in job.events.all()],
    }


def _pieces(key: str) -> Iterator[bytes]:
    try:
        with file_store().read(key) as file:
            while piece := file.read(CHUNK):
                yield piece
    except FileNotFoundError:
        logger.info("a file went while it was exported")  # deleted, or moved to cold storage, a moment ago
