"""Glacier's inventories: what lay in a vault when one was asked for, to be read some time later.

https://docs.aws.amazon.com/amazonglacier/latest/dev/api-job-output-get.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from moto.glacier.models import Vault

from sandbox.amazon.waiting import DELAYS, now


class Inventory:
    """A job that lists archives, all or the first few. Its output is kept where that of a retrieval is."""

    def __init__(self, job_id: str, vault: Vault, wanted: dict[str, Any]) -> None:
        self.job_id = job_id
        self.format = wanted.get("Format") or "JSON"
        self.range: dict[str, Any] = wanted.get("InventoryRetrievalParameters") or {}
        most = int(self.range.get("Limit") or len(vault.archives))
        self.begun = now()
        self.vault_arn = vault.arn
        listed = [
            {
                "ArchiveId": row["archive_id"],
                "ArchiveDescription": row["description"],
                "CreationDate": row["creation_date"],
                "Size": row["size"],
                "SHA256TreeHash": row["sha256"],
            }
            for row in list(vault.archives.values())[:most]
        ]
        date = self.begun.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = json.dumps({"VaultARN": vault.arn, "InventoryDate": date, "ArchiveList": listed}).encode()
        if self.format == "CSV":
            body = b"ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n"
        self.archive = {"body": body, "sha256": hashlib.sha256(body).hexdigest()}

    def to_dict(self) -> dict[str, Any]:
        """Return what ListJobs and DescribeJob answer."""
        done = now() >= self.begun + DELAYS["standard"]
        return {
            "Action": "InventoryRetrieval",
            "Completed": done,
            "CreationDate": self.begun.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "InventorySizeInBytes": len(self.archive["body"]) if done else None,
            "InventoryRetrievalParameters": {
                "Format": self.format,
                **{name: self.range.get(name) for name in ("StartDate", "EndDate", "Limit", "Marker")},
            },
            "JobId": self.job_id,
            "StatusCode": "Succeeded" if done else "InProgress",
            "VaultARN": self.vault_arn,
        }
