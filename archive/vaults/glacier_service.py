"""Calls of Glacier's API for one vault, with its refusals in the archive's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archive.vaults.base import ArchiveDamaged, ArchiveMissing, InsufficientCapacity, VaultFault
from archive.vaults.tree_hash import leaves_of, root_of
from gas_site import aws

if TYPE_CHECKING:
    from mypy_boto3_glacier import GlacierClient

ABSENT = "ResourceNotFoundException"
NO_ROOM = "InsufficientCapacityException"


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn what boto3 raises into ArchiveMissing, InsufficientCapacity or VaultFault."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == ABSENT:
            raise ArchiveMissing("Glacier knows no such archive, upload, job or vault") from error
        if code == NO_ROOM:
            raise InsufficientCapacity("Glacier has no expedited capacity at the moment") from error
        raise VaultFault(f"Glacier answered {code}") from error
    except aws.AWS_ERRORS as error:
        raise VaultFault(f"Glacier cannot be reached ({type(error).__name__})") from error


def _lists_all(job: Any) -> bool:
    """Say whether a job is an inventory of the whole vault, as JSON.

    https://docs.aws.amazon.com/amazonglacier/latest/dev/api-describe-job-get.html
    """
    asked = job.get("InventoryRetrievalParameters") or {}
    whole = not any(asked.get(name) for name in ("StartDate", "EndDate", "Limit", "Marker"))
    return job["Action"] == "InventoryRetrieval" and asked.get("Format") in {None, "JSON"} and whole


class Service:
    """A vault by region and name, in the account that the keys belong to."""

    def __init__(self, region: str, vault: str) -> None:
        self.region = region
        self.vault = vault
        # "-" is the account of the keys.
        self.place: dict[str, Any] = {"accountId": "-", "vaultName": vault}

    @cached_property
    def client(self) -> GlacierClient:
        """Return the client, made at first use: a fork before that shares no connection."""
        return aws.glacier(self.region)

    def upload(self, label: str, content: bytes) -> tuple[str, str]:
        """Store a short archive in one call; return its id and tree hash."""
        tree_hash = root_of(leaves_of(content))
        with told_apart():
            answer = self.client.upload_archive(
                **self.place, archiveDescription=label, body=content, checksum=tree_hash
            )
        return self._checked(answer, tree_hash)

    def upload_in_parts(self, label: str, part_bytes: int, parts: Iterator[bytes]) -> tuple[str, str]:
        """Store a long archive; return its id and tree hash. Nothing is left where ``parts`` raises."""
        with told_apart():
            begun = self.client.initiate_multipart_upload(
                **self.place, archiveDescription=label, partSize=str(part_bytes)
            )
        upload: dict[str, Any] = {**self.place, "uploadId": begun["uploadId"]}
        try:
            size, tree_hash = self._send_parts(upload, parts)
            with told_apart():
                answer = self.client.complete_multipart_upload(**upload, archiveSize=str(size), checksum=tree_hash)
        except BaseException:
            with suppress(VaultFault):  # Glacier drops it by itself a day later
                self.abort(begun["uploadId"])
            raise
        return self._checked(answer, tree_hash)

    def _send_parts(self, upload: dict[str, Any], parts: Iterator[bytes]) -> tuple[int, str]:
        size, leaves = 0, []
        for part in parts:
            mine = leaves_of(part)
            span = f"bytes {size}-{size + len(part) - 1}/*"
            with told_apart():
                self.client.upload_multipart_part(**upload, range=span, body=part, checksum=root_of(mine))
            leaves += mine
            size += len(part)
        return size, root_of(leaves)

    def _checked(self, answer: Any, tree_hash: str) -> tuple[str, str]:
        """Return id and tree hash, or remove what Glacier stored when that is not what was sent."""
        if answer["checksum"] != tree_hash:
            self.delete(answer["archiveId"])
            raise ArchiveDamaged("Glacier stored something else than it was sent")
        return answer["archiveId"], tree_hash

    def start_retrieval(self, archive_id: str, tier: str, topic: str) -> str:
        """Start a job that makes an archive readable; return its id. Raises InsufficientCapacity, ArchiveMissing."""
        wanted: Any = {"Type": "archive-retrieval", "ArchiveId": archive_id, "Tier": tier.capitalize()}
        if topic:
            wanted["SNSTopic"] = topic
        with told_apart():
            return self.client.initiate_job(**self.place, jobParameters=wanted)["jobId"]

    def job_status(self, job: str) -> str:
        """Return InProgress, Succeeded or Failed, or "" for a job that Glacier does not know any more."""
        try:
            with told_apart():
                return self.client.describe_job(**self.place, jobId=job)["StatusCode"]
        except ArchiveMissing:
            return ""

    def output(self, job: str, offset: int) -> Any:
        """Open what a job has made readable, from a byte on."""
        span = {"range": f"bytes={offset}-"} if offset else {}
        with told_apart():
            return self.client.get_job_output(**self.place, jobId=job, **span)["body"]

    def start_inventory(self) -> None:
        """Ask for a list of all archives, which can be read some hours later, for a day."""
        with told_apart():
            self.client.initiate_job(**self.place, jobParameters={"Type": "inventory-retrieval", "Format": "JSON"})

    def inventory_jobs(self) -> Iterator[Any]:
        """Return the jobs that list all archives, as JSON, and that Glacier still knows.

        Whoever else may use the vault asks for inventories as well: in CSV, or of a part of it.
        """
        pages = self.client.get_paginator("list_jobs").paginate(**self.place)
        with told_apart():
            for page in pages:
                yield from (job for job in page.get("JobList", ()) if _lists_all(job))

    def delete(self, archive_id: str) -> None:
        """Delete an archive; one that is not there is no error."""
        with suppress(ArchiveMissing), told_apart():
            self.client.delete_archive(**self.place, archiveId=archive_id)

    def abort(self, upload_id: str) -> None:
        """End an upload; one that is not there is no error."""
        with suppress(ArchiveMissing), told_apart():
            self.client.abort_multipart_upload(**self.place, uploadId=upload_id)

    def unfinished(self, label: str) -> Iterator[str]:
        """Return the ids of uploads under ``label`` that nobody has ended."""
        pages = self.client.get_paginator("list_multipart_uploads").paginate(**self.place)
        with told_apart():
            for page in pages:
                for upload in page.get("UploadsList", ()):
                    if upload.get("ArchiveDescription") == label:
                        yield upload["MultipartUploadId"]
