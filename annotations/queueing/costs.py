"""What a piece of work is expected to take: the one place that guesses.

Bytes of text for one rate, taken from the jobs that were completed last, and the seconds that every engine needs to
start. A guess decides who goes first and what a page says of the wait; nobody is hurt by a wrong one for long, since
whoever comes new is put beside the head of the queue and not behind what was guessed too small (see ``turns``).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Sum

from annotations.models import Job, JobStatus

#: Seconds from a claim to the first record, and from the last to the published result: interpreter, reference, files.
START_SECONDS = 1.0
#: Bytes of VCF text a second before anything was measured: one core of an ordinary machine, two sources.
DEFAULT_RATE = 5_000_000.0
#: Bytes of text a second that a large file is cut at, and that the parts of its result are put together at.
CUTTING_RATE = 25_000_000.0
GATHERING_RATE = 25_000_000.0
#: How much longer the text is than what gzip, BGZF or BCF make of it.
EXPANSION = 5
#: What the shortest genotype takes of a line: "0/1" and a tab.
GENOTYPE_BYTES = 4
#: So many of the jobs completed last are looked at, and those of them that say more of the rate than of the start.
LAST_JOBS = 50
TELLING_BYTES = 1 << 20
_MEASURED = ("input_size", "verdict__compression", "started_at", "finished_at")


def text_bytes(size: int, compression: str) -> int:
    """Return about how many bytes of text a file of ``size`` bytes holds; ``compression`` as a verdict names it."""
    return size if compression == "plain" else size * EXPANSION


def seconds_for(bytes_of_text: float, rate: float) -> float:
    """Return the seconds that a worker needs for so much text at a rate in bytes a second."""
    return START_SECONDS + bytes_of_text / rate


def job_seconds(job: Job, *, in_one_piece: bool = False) -> float:
    """Return what a job is expected to take; a large one only until it is cut: its shards have turns of their own."""
    written = job_text_bytes(job)
    large = written >= settings.SHARD_ABOVE and not (in_one_piece or job.in_one_piece)
    return seconds_for(written, CUTTING_RATE if large else measured_rate())


def shard_seconds(job: Job, records: Sequence[int]) -> list[float]:
    """Return what the shards of a job with so many records each are expected to take, and their gathering, last."""
    written, rate, total = job_text_bytes(job), measured_rate(), max(sum(records), 1)
    parts = [seconds_for(written * share / total, rate) for share in records]
    return [*parts, seconds_for(written, GATHERING_RATE)]


def job_text_bytes(job: Job) -> int:
    """Return about how many bytes of text a job's upload holds."""
    return text_bytes(job.input_size, job.verdict.get("compression", "plain"))


def is_small(job: Job) -> bool:
    """Say whether a job takes seconds: its file is short, and a packed one was read to its end when it was checked.

    Genotypes are packed so well that their text is counted beside the file's size: four bytes each. Sources of the
    owner's own are read whole as well.
    """
    verdict = job.verdict
    known = verdict.get("complete") or verdict.get("compression") == "plain"
    genotypes = verdict.get("records", 0) * verdict.get("sample_count", 0) * GENOTYPE_BYTES
    written = max(job_text_bytes(job), genotypes)
    written += job.private_sources.aggregate(bytes=Sum("size", default=0))["bytes"]
    # Whoever runs it guesses anew whether it is to be cut: far enough below that, both agree.
    most = min(settings.EXPRESS_BELOW, settings.SHARD_ABOVE // 2)
    return bool(known) and written <= most


def measured_rate() -> float:
    """Return the median bytes of text a second of the jobs completed last; DEFAULT_RATE where none tells."""
    done = Job.objects.filter(status=JobStatus.COMPLETED).order_by("-finished_at").values_list(*_MEASURED)
    rates = [rate for row in done[:LAST_JOBS] if (rate := _rate(*row))]
    return statistics.median(rates) if rates else DEFAULT_RATE


def _rate(size: int, compression: str | None, started: datetime | None, finished: datetime | None) -> float | None:
    if not started or not finished:
        return None
    written, seconds = text_bytes(size, compression or "plain"), (finished - started).total_seconds() - START_SECONDS
    # Several workers at once shorten a job in shards: it tells nothing of one.
    telling = TELLING_BYTES <= written < settings.SHARD_ABOVE and seconds > 0
    return written / seconds if telling else None
