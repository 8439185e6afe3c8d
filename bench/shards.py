"""`python -m bench.shards`, part of `make bench`: one worker against two, and whether their results are the same.

RECORDS (default 1,000,000) and ROUNDS (3) in the environment. A round runs one after the other: one worker on one
processor, one worker on two (the stages of its pipe spread over them), two workers on two, which annotate the file in
parts. Seconds are on the clock and, for machines that do other work, those of all processors.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from annotations.engine.child import run_child
from annotations.engine.task import Result, Task
from bench.engine_runs import REFERENCE, install
from bench.genome import make_genome, make_variants
from bench.measure import MemoryWatch

RECORDS = int(os.environ.get("RECORDS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
#: Workers and processors.
ALONE, SPREAD, TWO = (1, 1), (1, 2), (2, 2)
NO_LIMIT_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Run:
    """What a run took, and a fingerprint of what came out."""

    seconds: float
    processor_seconds: float
    peak_bytes: int
    outcome: str


def main() -> None:
    """Measure and print."""
    cache = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "gas-bench"
    genome = make_genome(cache)
    variants = make_variants(cache / f"{RECORDS}.vcf", RECORDS)
    with tempfile.TemporaryDirectory(prefix="gas-bench-") as scratch:
        install(genome, {**os.environ, "DATA_DIR": scratch, "EMAIL_URL": "console:"})
        reference = Path(scratch) / "references" / REFERENCE
        rounds = [
            {way: _run(variants, reference, Path(scratch) / "out", *way) for way in (ALONE, SPREAD, TWO)}
            for _ in range(ROUNDS)
        ]
    figures = _figures(rounds)
    _print(figures)
    print(json.dumps(figures))


def _run(variants: Path, reference: Path, output: Path, workers: int, processors: int) -> Run:
    task = Task(variants, variants.name, reference, output, workers=workers)
    before = _used()
    with _processors(processors):
        watch, started = MemoryWatch(os.getpid()), time.monotonic()
        try:
            result = run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=NO_LIMIT_SECONDS)
            seconds = time.monotonic() - started
        finally:
            peak = watch.stop()
    used = _used() - before
    outcome = _fingerprint(result)
    for file in result.files:
        file.path.unlink()
    return Run(seconds, used, peak, outcome)


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


@contextmanager
def _processors(count: int) -> Iterator[None]:
    """Let this process and its children run on so many processors."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _fingerprint(result: Result) -> str:
    """The VCF's text, the table's rows (each has its number) and the summary, as one SHA-256."""
    paths = {file.kind: file.path for file in result.files}
    seen = hashlib.sha256()
    with gzip.open(paths["vcf"]) as text:
        while block := text.read(1 << 20):
            seen.update(block)
    with duckdb.connect() as database:
        database.register("result", database.read_parquet(str(paths["table"])))
        seen.update(str(database.sql("select count(*), sum(hash(result)) from result").fetchall()).encode())
    seen.update(paths["summary"].read_bytes())
    return seen.hexdigest()


def _figures(rounds: list[dict[tuple[int, int], Run]]) -> dict[str, Any]:
    """Medians, and ratios of runs of one round."""

    def median(way: tuple[int, int], what: str) -> float:
        return float(statistics.median(getattr(one[way], what) for one in rounds))

    def ratio(one: tuple[int, int], other: tuple[int, int], what: str = "seconds") -> float:
        return float(statistics.median(getattr(each[one], what) / getattr(each[other], what) for each in rounds))

    return {
        "records": RECORDS,
        "rounds": ROUNDS,
        "processors": os.cpu_count(),
        "runs": [
            {
                "workers": way[0],
                "processors": way[1],
                **{what: median(way, what) for what in ("seconds", "processor_seconds", "peak_bytes")},
            }
            for way in (ALONE, SPREAD, TWO)
        ],
        "one_processor_over_two_workers": ratio(ALONE, TWO),
        "spread_over_two_workers": ratio(SPREAD, TWO),
        "processor_seconds_two_workers_over_one": ratio(TWO, SPREAD, "processor_seconds"),
        "same": len({run.outcome for one in rounds for run in one.values()}) == 1,
    }


def _print(figures: dict[str, Any]) -> None:
    print(f"\n{figures['records']:,} records in parts, median of {figures['rounds']} rounds\n")
    for run in figures["runs"]:
        name = f"{run['workers']} worker(s) on {run['processors']} processor(s)"
        took = (
            f"{run['seconds']:.1f} s, {run['processor_seconds']:.1f} processor s, {run['peak_bytes'] / 2**20:.0f} MiB"
        )
        print(f"  {name:<46} {took}")
    rows = [
        ("two workers / one, a processor each", f"{figures['one_processor_over_two_workers']:.2f}", ">= 1.7"),
        ("two workers / one with both processors", f"{figures['spread_over_two_workers']:.2f}", ""),
        ("processor seconds, two workers / one", f"{figures['processor_seconds_two_workers_over_one']:.2f}", ""),
        ("text, rows and summary are the same", "yes" if figures["same"] else "NO", "yes"),
    ]
    for name, value, goal in rows:
        print(f"  {name:<46} {value:>14}  {goal}")
    print()


if __name__ == "__main__":
    main()
