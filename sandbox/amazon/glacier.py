"""Glacier's vaults as Amazon has them: uploads in parts, tree hashes that are compared, jobs that tell of their end.

moto has no uploads in parts and compares no hash; its archive ids are the MD5 of the content, so that two archives of
the same bytes are one; its jobs take any id, never fail and tell nobody.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.utils import calculate_tree_hash
from moto.glacier import urls
from moto.glacier.models import Vault
from moto.glacier.responses import GlacierResponse

from sandbox.amazon.glacier_inventory import Inventory
from sandbox.amazon.waiting import DELAYS, later, now

Answer = tuple[int, dict[str, Any], Any]
JSON = {"content-type": "application/json"}


@dataclass
class Upload:
    """An upload in parts that nobody has ended."""

    description: str
    part_bytes: int
    begun: datetime = field(default_factory=now)
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Retrieval:
    """A job that makes an archive readable."""

    job_id: str
    archive: dict[str, Any]
    tier: str
    topic: str
    vault_arn: str
    begun: datetime

    def to_dict(self) -> dict[str, Any]:
        """Return what DescribeJob answers, and what the topic is told."""
        done = now() >= self.begun + DELAYS[self.tier]
        return {
            "Action": "ArchiveRetrieval",
            "ArchiveId": self.archive["archive_id"],
            "ArchiveSizeInBytes": self.archive["size"],
            "ArchiveSHA256TreeHash": self.archive["sha256"],
            "SHA256TreeHash": self.archive["sha256"],
            "Completed": done,
            "CreationDate": self.begun.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "JobId": self.job_id,
            "SNSTopic": self.topic or None,
            "StatusCode": "Succeeded" if done else "InProgress",
            "Tier": self.tier.capitalize(),
            "VaultARN": self.vault_arn,
        }


def add() -> None:
    """Put these in the place of moto's."""
    base = "{0}/(?P<account_number>.+)/vaults/(?P<vault_name>[^/]+)/multipart-uploads"
    for path in (f"{base}$", f"{base}/(?P<upload_id>[^/]+)$"):
        urls.url_paths[path] = GlacierResponse.dispatch
    for name, deed in DEEDS.items():
        setattr(GlacierResponse, name, deed)


def _refused(status: int, code: str, message: str) -> Answer:
    return status, {**JSON, "status": status}, json.dumps({"code": code, "message": message, "type": "Client"})


def _absent(what: str) -> Answer:
    return _refused(404, "ResourceNotFoundException", f"The {what} was not found")


def _vault(response: Any) -> Vault | None:
    name = re.search(r"/vaults/([^/?]+)", response.parsed_url.path)
    vaults: dict[str, Vault] = response.glacier_backend.vaults
    return vaults.get(name[1]) if name else None


def _last(response: Any) -> str:
    return str(response.parsed_url.path.rstrip("/").rsplit("/", maxsplit=1)[-1])


def _uploads(vault: Vault) -> dict[str, Upload]:
    uploads: dict[str, Upload] = vault.__dict__.setdefault("gas_uploads", {})
    return uploads


def _keep(vault: Vault, content: bytes, description: str) -> Answer:
    tree_hash = _tree_hash(content)
    archive_id = secrets.token_urlsafe(103)  # 138 characters, as Glacier's
    vault.archives[archive_id] = {
        "archive_id": archive_id,
        "body": content,
        "size": len(content),
        "sha256": tree_hash,
        "creation_date": now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "description": description,
    }
    return 201, {"x-amz-archive-id": archive_id, "x-amz-sha256-tree-hash": tree_hash, "status": 201}, ""


def _tree_hash(content: bytes) -> str:
    return calculate_tree_hash(io.BytesIO(content))  # type: ignore[arg-type]  # its stub says str


def _hash_fits(response: Any, content: bytes) -> bool:
    given: str = response.headers.get("x-amz-sha256-tree-hash", "")
    return bool(content) and given == _tree_hash(content)


def _upload_archive(self: Any) -> Answer:
    vault = _vault(self)
    if vault is None:
        return _absent("vault")
    if not _hash_fits(self, self.body):
        return _refused(400, "InvalidParameterValueException", "Checksum mismatch, or no content")
    return _keep(vault, self.body, self.headers.get("x-amz-archive-description") or "")


def _initiate_multipart_upload(self: Any) -> Answer:
    vault = _vault(self)
    if vault is None:
        return _absent("vault")
    part_bytes = int(self.headers["x-amz-part-size"])
    if part_bytes & (part_bytes - 1) or part_bytes < 1024 * 1024:
        return _refused(400, "InvalidParameterValueException", "A part is a power of two of mebibytes")
    upload_id = secrets.token_urlsafe(69)
    _uploads(vault)[upload_id] = Upload(self.headers.get("x-amz-archive-description") or "", part_bytes)
    return 201, {"x-amz-multipart-upload-id": upload_id, "status": 201}, ""


def _upload_multipart_part(self: Any) -> Answer:
    vault = _vault(self)
    upload = _uploads(vault).get(_last(self)) if vault else None
    if upload is None:
        return _absent("upload")
    span = re.fullmatch(r"bytes (\d+)-(\d+)/\*", self.headers.get("Content-Range", ""))
    if not span or int(span[2]) - int(span[1]) + 1 != len(self.body) or int(span[1]) % upload.part_bytes:
        return _refused(400, "InvalidParameterValueException", "The range does not fit the part")
    if not _hash_fits(self, self.body):
        return _refused(400, "InvalidParameterValueException", "Checksum mismatch")
    upload.parts[int(span[1])] = self.body
    return 204, {"x-amz-sha256-tree-hash": self.headers["x-amz-sha256-tree-hash"], "status": 204}, ""


def _complete_multipart_upload(self: Any) -> Answer:
    vault = _vault(self)
    upload = _uploads(vault).get(_last(self)) if vault else None
    if vault is None or upload is None:
        return _absent("upload")
    content = b"".join(upload.parts[start] for start in sorted(upload.parts))
    if int(self.headers["x-amz-archive-size"]) != len(content) or not _hash_fits(self, content):
        return _refused(400, "InvalidParameterValueException", "Size or checksum mismatch")
    del _uploads(vault)[_last(self)]
    return _keep(vault, content, upload.description)


def _abort_multipart_upload(self: Any) -> Answer:
    vault = _vault(self)
    if vault is None or _uploads(vault).pop(_last(self), None) is None:
        return _absent("upload")
    return 204, {"status": 204}, ""


def _list_multipart_uploads(self: Any) -> Answer:
    vault = _vault(self)
    if vault is None:
        return _absent("vault")
    listed = [
        {
            "MultipartUploadId": upload_id,
            "ArchiveDescription": upload.description,
            "PartSizeInBytes": upload.part_bytes,
            "CreationDate": upload.begun.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "VaultARN": vault.arn,
        }
        for upload_id, upload in _uploads(vault).items()
    ]
    return 200, JSON, json.dumps({"Marker": None, "UploadsList": listed})


def _delete_archive(self: Any) -> Answer:
    vault = _vault(self)
    if vault is None or vault.archives.pop(_last(self), None) is None:
        return _absent("archive")
    return 204, {"status": 204}, ""


def _initiate_job(self: Any) -> Answer:
    vault = _vault(self)
    wanted = json.loads(self.body)
    if vault and wanted.get("Type") == "inventory-retrieval":
        return _started(vault, Inventory(secrets.token_urlsafe(69), vault, wanted))
    archive = vault.archives.get(wanted.get("ArchiveId")) if vault else None
    if vault is None or archive is None:
        return _absent("archive")
    tier = (wanted.get("Tier") or "Standard").lower()
    job = Retrieval(secrets.token_urlsafe(69), archive, tier, wanted.get("SNSTopic") or "", vault.arn, now())
    if job.topic:
        account = self.current_account
        later(job.begun + DELAYS[tier], lambda: _tell(account, job))
    return _started(vault, job)


def _started(vault: Vault, job: Any) -> Answer:
    vault.jobs[job.job_id] = job
    return 202, {"x-amz-job-id": job.job_id, "Location": f"/{vault.arn}/jobs/{job.job_id}", "status": 202}, ""


def _describe_job(self: Any) -> Answer:
    vault = _vault(self)
    job = vault.jobs.get(_last(self)) if vault else None
    return (200, JSON, json.dumps(job.to_dict())) if job else _absent("job")


def _get_job_output(self: Any) -> Answer:
    vault = _vault(self)
    job: Any = vault.jobs.get(self.parsed_url.path.rstrip("/").split("/")[-2]) if vault else None
    if job is None or not job.to_dict()["Completed"]:
        return _absent("job's output")
    content: bytes = job.archive["body"]
    headers = {"content-type": "application/octet-stream", "x-amz-sha256-tree-hash": job.archive["sha256"]}
    if span := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
        first, last = int(span[1]), int(span[2] or len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        headers["status"] = "206"
        return 206, headers, content[first : last + 1]
    return 200, headers, content


def _tell(account: str, job: Retrieval) -> None:
    from moto.sns.models import sns_backends  # noqa: PLC0415 (its registry is made as the first request comes)

    region = job.topic.split(":")[3]
    sns_backends[account][region].publish(json.dumps(job.to_dict()), arn=job.topic)


DEEDS = {
    "upload_archive": _upload_archive,
    "initiate_multipart_upload": _initiate_multipart_upload,
    "upload_multipart_part": _upload_multipart_part,
    "complete_multipart_upload": _complete_multipart_upload,
    "abort_multipart_upload": _abort_multipart_upload,
    "list_multipart_uploads": _list_multipart_uploads,
    "delete_archive": _delete_archive,
    "initiate_job": _initiate_job,
    "describe_job": _describe_job,
    "get_job_output": _get_job_output,
}
