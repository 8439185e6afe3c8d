"""Many jobs at once, and one large job: all complete, nothing is lost or told twice, memory stays flat."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import pytest

from bench.measure import MemoryWatch
from bench.site import Site
from tests.stack.genome import NAME
from tests.stack.processes import until
from tests.stack.stacks import Stack

PEOPLE = 4
# The goal of the design, between a million records and ten thousand.
FLAT = 1.2


@pytest.mark.parametrize("number", [16, pytest.param(200, marks=pytest.mark.slow)])
def test_small_jobs_of_several_people_sent_at_once_all_complete(stack: Stack, tmp_path: Path, number: int) -> None:
    people = [stack.person(f"person{each}of{number}", plan="free") for each in range(PEOPLE)]
    files = [write_small(tmp_path / f"{each}.vcf", records=each % 7 + 1) for each in range(number)]
    with ThreadPoolExecutor(PEOPLE) as senders:
        sent = list(senders.map(send_all, people, (files[first::PEOPLE] for first in range(PEOPLE))))
    jobs = {job: records for person in sent for job, records in person.items()}
    assert len(jobs) == number
    stack.wait_for(list(jobs), 15 + 3 * number)
    rows = {job: stack.job(job) for job in jobs}
    assert Counter(row["status"] for row in rows.values()) == {"completed": number}
    assert {job: json.loads(row["summary"])["total"] for job, row in rows.items()} == jobs
    assert all(stack.attempts(job) == [str(row["attempt"])] for job, row in rows.items())
    until(lambda: all(stack.mails(job) for job in jobs), 60, "every mail is written")
    stack.settle()
    assert [len(stack.mails(job)) for job in jobs] == [1] * number
    assert "ERROR" not in stack.said()
    assert "Traceback" not in stack.said()


def send_all(person: Site, files: list[Path]) -> dict[str, int]:
    """Upload files one after the other; return each job and how many records it has."""
    return {person.annotate(file, "rCRS"): file.read_text().count("\nMT") for file in files}


def write_small(path: Path, records: int) -> Path:
    known = cycle(["MT\t3460\t.\tG\tA", "MT\t8993\t.\tT\tG", "MT\t11778\t.\tG\tA", "MT\t14484\t.\tT\tC"])
    lines = sorted((next(known) for _ in range(records)), key=lambda line: int(line.split("\t")[1]))
    header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    path.write_text("\n".join([header, *(f"{line}\t.\t.\t." for line in lines), ""]))
    return path


@pytest.mark.parametrize("records", [300_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_large_file_takes_no_more_memory_than_a_small_one(
    stack: Stack, variants: Callable[[int], Path], records: int
) -> None:
    person = stack.person(f"owner{records}")
    peak_of(stack, person, variants(30_000))  # a worker's first job leaves some 20 MB of imports in it, once
    small = peak_of(stack, person, variants(30_000))
    large = peak_of(stack, person, variants(records))
    print(f"\npeak of the worker's tree: {small / 2**20:.0f} MiB, {records:,} records {large / 2**20:.0f} MiB")  # noqa: T201
    assert large / small <= FLAT


def peak_of(stack: Stack, person: Site, file: Path) -> int:
    """Annotate a file as a job and return the highest memory of the worker and its engine, in bytes."""
    watch = MemoryWatch(stack.worker())
    try:
        job = person.annotate(file, NAME)
        stack.wait_for([job], 600)
    finally:
        peak = watch.stop()
    assert stack.job(job)["status"] == "completed"
    return peak
