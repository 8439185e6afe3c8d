"""Makes users and jobs for tests; what a test does not care about is filled in plausibly."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Plan, User
from annotations.models import Job, JobEvent, JobStatus, ResultFile
from gas_site.storage import file_store

PASSWORD = "a long enough phrase"

HEADER = "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
LHON = "MT\t11778\t.\tG\tA\t.\t.\t.\n"
"""m.11778G>A, MT-ND4 R340H: the most frequent cause of Leber's hereditary optic neuropathy."""
SMALL_VCF = (HEADER + LHON).encode()

SUMMARY: dict[str, Any] = {
    "format": 1,
    "reference": {"name": "rCRS", "assembly": "NC_012920.1"},
    "input": {
        "name": "patient.vcf",
        "format": "VCFv4.2",
        "compression": "plain",
        "records": 3,
        "sample_count": 1,
        "samples": ["S1"],
    },
    "total": 3,
    "annotated": 2,
    "not_annotated": {"ref_mismatch": 1},
    "known": 2,
    "by_source": {"MITOMAP disease": 1, "MITOMAP polymorphisms": 2},
    "by_class": {"SNV": 3},
    "by_consequence": {"missense_variant": 1, "intergenic_variant": 1},
    "by_impact": {"HIGH": 0, "MODERATE": 1, "LOW": 0, "MODIFIER": 1},
    "by_gene": {"MT-ND4": 1},
    "by_contig": {"MT": 3},
    "by_region": {"coding": 1, "intergenic": 1},
    "transitions": 3,
    "transversions": 0,
    "frequency": {
        "field": "MITOMAP_AF",
        "source": "MITOMAP polymorphisms",
        "bins": [{"label": "under 0.1%", "low": 0.0, "high": 0.001, "count": 1}],
        "not_seen": 2,
    },
    "confirmed": 1,
    "marks": [
        {
            "contig": "MT",
            "pos": 11778,
            "ref": "G",
            "alt": "A",
            "hgvs": "m.11778G>A",
            "gene": "MT-ND4",
            "impact": "MODERATE",
            "frequency": 0.003,
            "confirmed": True,
            "disease": "LHON",
            "protein": "R340H",
            "consequence": "missense_variant",
        }
    ],
    "warnings": [],
    "done": ["Multi-allelic records were split."],
    "versions": {"bcftools": "1.24"},
}

VERDICT: dict[str, Any] = {
    "name": "patient.vcf",
    "reference": "rCRS",
    "format": "VCFv4.2",
    "compression": "plain",
    "sample_count": 0,
    "samples": [],
    "records": 1,
    "complete": True,
    "by_class": {"SNV": 1},
    "contigs": [{"name": "MT", "renamed_to": "MT", "count": 1, "known": True}],
    "sorted": True,
    "assembly": "",
    "fit": {"known": 1, "unknown": 0, "checked": 1, "mismatched": 0},
    "warnings": [],
}

RESULT_NAMES = {
    "vcf": ".annot.vcf.gz",
    "index": ".annot.vcf.gz.tbi",
    "table": ".variants.parquet",
    "summary": ".summary.json",
    "log": ".vcf.count.log",
}

_numbers = itertools.count(1)


def make_user(email: str = "", *, plan: str = Plan.FREE, password: str | None = None, **fields: Any) -> User:
    """Make a user on a plan; without a password one signs in with ``client.force_login``."""
    return User.objects.create_user(email or f"person{next(_numbers)}@example.org", password, plan_id=plan, **fields)


def make_job(
    user: User | None = None,
    status: JobStatus = JobStatus.COMPLETED,
    *,
    content: bytes = SMALL_VCF,
    name: str = "patient.vcf",
    **fields: Any,
) -> Job:
    """Make a job in any state with the stamps, the event and the files that belong to it."""
    now = fields.pop("created_at", None) or timezone.now()
    job = Job(user=user or make_user(), status=status, file_name=name, reference="rCRS", input_size=len(content))
    job.verdict = dict(VERDICT)
    job.input_key = f"uploads/{job.pk}/input"
    job.created_at = now
    for field, value in {**_stamps(status, now), **fields}.items():
        setattr(job, field, value)
    job.save(force_insert=True)
    JobEvent.objects.create(job=job, status=status, at=now)
    file_store().receive(iter([content]), job.input_key)
    if status == JobStatus.COMPLETED:
        _add_results(job)
    return job


def make_jobs(user: User, count: int, **fields: Any) -> list[Job]:
    """Make many rows at once, without files or events."""
    defaults = {"status": JobStatus.COMPLETED, "reference": "rCRS", "summary": {"total": 3}, "file_name": "patient.vcf"}
    return Job.objects.bulk_create(Job(user=user, **{**defaults, **fields}) for _ in range(count))


def signed_in(user: User, *, enforce_csrf: bool = False) -> Client:
    """Return a browser in which the user has signed in."""
    client = Client(enforce_csrf_checks=enforce_csrf)
    client.force_login(user)
    return client


def stored(directory: Path) -> list[str]:
    """Return the paths of all files in the store, relative to it."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def _stamps(status: JobStatus, now: datetime) -> dict[str, Any]:
    turn = {"turn_at": now, "share_from": now, "share_until": now + timedelta(seconds=1), "expected_seconds": 1}
    queued = {"queued_at": now, "last_sent_at": now, **turn}
    started = {
        **queued,
        "started_at": now,
        "attempt": 1,
        "worker": "host:1",
        "lease_expires_at": now + timedelta(seconds=60),
        "progress_stage": "annotating",
        "progress_fraction": 0.5,
        "progress_records": 2,
    }
    ended = {**started, "finished_at": now + timedelta(seconds=2), "lease_expires_at": None}
    stamps: dict[JobStatus, dict[str, Any]] = {
        JobStatus.UPLOADING: {},
        JobStatus.PENDING: queued,
        JobStatus.RUNNING: started,
        JobStatus.COMPLETED: {**ended, "summary": SUMMARY, "progress_fraction": 1.0, "progress_records": 3},
        JobStatus.FAILED: {**ended, "failure": "Line 4, POS: the position is not a number. Write a whole number."},
        JobStatus.CANCELLED: ended,
    }
    return stamps[status]


def _add_results(job: Job) -> None:
    stem = job.file_name.removesuffix(".vcf")
    for kind, ending in RESULT_NAMES.items():
        content = f"{kind} of {job.pk}\n".encode() * 3
        key = f"{job.result_prefix}/{stem}{ending}"
        size = file_store().receive(iter([content]), key)
        sha256 = hashlib.sha256(content).hexdigest()
        ResultFile.objects.create(job=job, kind=kind, file_name=f"{stem}{ending}", key=key, size=size, sha256=sha256)
