"""The vault of Amazon Glacier's own API (``VAULT_URL=glacier://REGION/VAULT``), for accounts that have such vaults.

Amazon has closed this API to new customers; they take ``s3-glacier://``. A vault knows its archives by an id of its
own and lists them once a day only, so the table GlacierArchive says what is in it: label, size, hashes, and the
retrieval job asked for. https://docs.aws.amazon.com/amazonglacier/latest/dev/introduction.html
"""

from __future__ import annotations

import io
import itertools
import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import BinaryIO, cast

from django.utils import timezone

from archive.models import GlacierArchive
from archive.prices import GLACIER_VAULT, StorageClass
from archive.vaults.base import (
    ArchiveMissing,
    Beat,
    Content,
    NotRetrieved,
    Readiness,
    Retrieval,
    Standing,
    Stored,
    VaultFault,
    no_beat,
)
from archive.vaults.disk_files import pieces_of
from archive.vaults.glacier_service import Service
from archive.vaults.hashing import SideHash
from gas_site.resuming import ResumingReader
from gas_site.s3_writing import parts_of
from gas_site.storage import FileStore

# A power of two of mebibytes; an upload has 10,000 parts at most.
# https://docs.aws.amazon.com/amazonglacier/latest/dev/uploading-archive-mpu.html
PART_BYTES = 16 * 1024 * 1024
# Glacier takes no archive without a byte; one of ours that has none is a row alone.
EMPTY = "empty-"
UNFINISHED = "upload-"
READ_BUFFER = 1024 * 1024


class GlacierVault:
    """Archives in a vault. ``delays`` maps a tier to how long a retrieval takes at most; ``topic`` hears of its end."""

    prices: StorageClass | None = GLACIER_VAULT
    reads_back = False

    def __init__(self, region: str, vault: str, delays: dict[str, timedelta], *, topic: str = "") -> None:
        self.name = f"glacier://{region}/{vault}"
        self.delays = delays
        self.topic = topic
        self.service = Service(region, vault)

    def store(self, label: str, pieces: Iterable[bytes]) -> Stored:
        """Upload, in parts where it is long; Glacier's tree hash must be ours, or the archive goes again."""
        with SideHash() as side:
            archive_id, tree_hash = self._upload(label, parts_of(side.passing(pieces), PART_BYTES))
            content = side.content()
        GlacierArchive.objects.create(
            vault=self.name,
            label=label,
            archive_id=archive_id,
            size=content.size,
            sha256=content.sha256,
            tree_hash=tree_hash,
        )
        return Stored(archive_id, content)

    def checksum(self, archive_id: str, beat: Beat = no_beat) -> Content:
        """Return what was stored: Glacier compared the tree hash of the very bytes that this is the SHA-256 of."""
        row = self._row(archive_id)
        beat(row.size)
        return Content(row.size, row.sha256)

    def request(self, archive_id: str, tier: str) -> Retrieval:
        """Start a retrieval job, unless one at least as fast is on its way or done."""
        if tier not in self.delays:
            raise VaultFault(f"this vault has no tier {tier}; it has {', '.join(self.delays)}")
        row = self._row(archive_id)
        if archive_id.startswith(EMPTY):
            return Retrieval(EMPTY, tier, timezone.now())
        if row.job and self.delays[row.job_tier] <= self.delays[tier]:
            standing = self.standing(archive_id, row.job)
            if standing.readiness is not Readiness.ABSENT:
                return Retrieval(row.job, row.job_tier, standing.expected_at)
        job = self.service.start_retrieval(archive_id, tier, self.topic)
        due_at = timezone.now() + self.delays[tier]
        GlacierArchive.objects.filter(pk=row.pk).update(job=job, job_tier=tier, job_due_at=due_at)
        return Retrieval(job, tier, due_at)

    def standing(self, archive_id: str, retrieval_id: str) -> Standing:
        """Ask for the job; Glacier forgets it a day after its end."""
        row = GlacierArchive.objects.filter(vault=self.name, archive_id=archive_id).first()
        if row is None or not retrieval_id:
            return Standing(Readiness.ABSENT)
        if archive_id.startswith(EMPTY):
            return Standing(Readiness.READY)
        match self.service.job_status(retrieval_id):
            case "Succeeded":
                return Standing(Readiness.READY)
            case "InProgress":
                return Standing(Readiness.WAITING, row.job_due_at)
            case _:
                return Standing(Readiness.ABSENT)

    def read(self, archive_id: str, retrieval_id: str) -> Iterator[bytes]:
        """Yield the job's output."""
        row = self._row(archive_id)
        if self.standing(archive_id, retrieval_id).readiness is not Readiness.READY:
            raise NotRetrieved("the archive is not retrieved")
        if archive_id.startswith(EMPTY):
            return iter(())
        return pieces_of(self._output(retrieval_id, row.size))

    def thaw_into(self, archive_id: str, retrieval_id: str, store: FileStore, key: str, beat: Beat = no_beat) -> bool:
        """Say no: a job's output can only be read."""
        return False

    def remove(self, archive_id: str) -> None:
        """Delete the archive, or end the upload that it was to come from; then the row."""
        if archive_id.startswith(UNFINISHED):
            self.service.abort(archive_id.removeprefix(UNFINISHED))
        elif not archive_id.startswith(EMPTY):
            self.service.delete(archive_id)
        GlacierArchive.objects.filter(vault=self.name, archive_id=archive_id).delete()

    def labelled(self, label: str) -> list[str]:
        """Return what the table has, and the uploads that nobody has ended. What neither knows, the inventory does."""
        rows = GlacierArchive.objects.filter(vault=self.name, label=label).values_list("archive_id", flat=True)
        uploads = (UNFINISHED + upload_id for upload_id in self.service.unfinished(label))
        return sorted({*rows, *uploads})

    def archive_of(self, vault_arn: str, archive_id: str) -> str | None:
        """Return the id that a notification is about, or None when it is about another vault's archive."""
        ours = vault_arn.split(":")[2:4] + vault_arn.split("/")[-1:]
        same = ours == ["glacier", self.service.region, self.service.vault]
        known = GlacierArchive.objects.filter(vault=self.name, archive_id=archive_id).exists()
        return archive_id if same and known else None

    def _upload(self, label: str, parts: Iterator[tuple[bytes, bool]]) -> tuple[str, str]:
        """Send the parts; return the archive's id and its tree hash."""
        first, more = next(parts)
        if not first:
            return f"{EMPTY}{uuid.uuid4().hex}", ""
        if not more:
            return self.service.upload(label, first)
        rest = (part for part, _ in parts)
        return self.service.upload_in_parts(label, PART_BYTES, itertools.chain([first], rest))

    def _row(self, archive_id: str) -> GlacierArchive:
        row = GlacierArchive.objects.filter(vault=self.name, archive_id=archive_id).first()
        if row is None:
            raise ArchiveMissing("no archive of this vault has such an id")
        return row

    def _output(self, job: str, size: int) -> BinaryIO:
        raw = ResumingReader(self.service.output(job, 0), size, lambda offset: self.service.output(job, offset))
        return cast(BinaryIO, io.BufferedReader(raw, READ_BUFFER))
