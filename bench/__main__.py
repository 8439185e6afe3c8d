"""`make bench`: the first ratios of the design's table, on a generated genome, as a table and as JSON.

RECORDS (default 1,000,000) and ROUNDS (3) in the environment make it smaller or steadier. Each round runs the
bare pipe, `manage.py annotate` with one worker and the job one after the other, so that a ratio compares neighbours in
time; the median over the rounds is printed.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench import archive, archive_s3, explorer, exports, queue, shards, uploads
from bench.engine_runs import REFERENCE, annotate, bare_pipe, install
from bench.genome import Genome, make_genome, make_variants
from bench.measure import Cost
from bench.peers import comparing
from bench.site import running_site

RECORDS = int(os.environ.get("RECORDS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SMALL_RECORDS = 10_000


def main() -> None:
    """Make the genome, measure, print."""
    cache = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "gas-bench"
    genome = make_genome(cache)
    large = make_variants(cache / f"{RECORDS}.vcf", RECORDS)
    small = make_variants(cache / f"{SMALL_RECORDS}.vcf", SMALL_RECORDS)
    with tempfile.TemporaryDirectory(prefix="gas-bench-") as scratch:
        figures = measure(genome, large, small, Path(scratch))
    print_table(figures)
    print(json.dumps(figures))
    archive.main()
    explorer.main()
    archive_s3.main()
    queue.main()
    exports.main()
    uploads.main()
    shards.main()
    comparing.main()


def measure(genome: Genome, large: Path, small: Path, scratch: Path) -> dict[str, Any]:
    """Run the rounds and return the figures."""
    data = scratch / "data"
    environment = {**os.environ, "DATA_DIR": str(data), "EMAIL_URL": "console:"}
    install(genome, environment)
    directory = data / "references" / REFERENCE
    rounds: list[dict[str, float]] = []
    with running_site(data) as site:
        site.sign_in()
        for number in range(ROUNDS):
            pipe = bare_pipe(directory, large, scratch / "pipe.vcf.gz")
            command = annotate(large, scratch / f"command-{number}", environment, workers=1)
            [job] = site.wait([site.annotate(large, REFERENCE)], 1_800)
            if job["status"] != "completed":
                raise RuntimeError(str(job["failure"]))
            # From claim to published: what the service adds to the engine. The wait in the queue is its own figure.
            worked, waited = float(str(job["worked"])), float(str(job["waited"]))
            rounds.append({"pipe": pipe.seconds, "command": command.seconds, "job": worked, "waited": waited})
            large_peak = command.peak_bytes
        small_runs = [annotate(small, scratch / f"small-{number}", environment, workers=1) for number in range(ROUNDS)]
        [small_job] = site.wait([site.annotate(small, REFERENCE)], 300)
    return figures_of(rounds, large_peak, small_runs, float(str(small_job["worked"])))


def figures_of(rounds: list[dict[str, float]], large_peak: int, small: list[Cost], small_job: float) -> dict[str, Any]:
    """Return medians and ratios."""
    median = {name: statistics.median(row[name] for row in rounds) for name in rounds[0]}
    small_peak = statistics.median(cost.peak_bytes for cost in small)
    small_seconds = statistics.median(cost.seconds for cost in small)
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "records": RECORDS,
        "rounds": ROUNDS,
        "seconds": median,
        "job_over_command": statistics.median(row["job"] / row["command"] for row in rounds),
        "command_over_pipe": statistics.median(row["command"] / row["pipe"] for row in rounds),
        "records_per_second": RECORDS / median["command"],
        "small_job_adds_seconds": small_job - small_seconds,
        "peak_bytes": {str(RECORDS): large_peak, str(SMALL_RECORDS): small_peak},
        "memory_large_over_small": large_peak / small_peak,
    }


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    seconds, peaks = figures["seconds"], figures["peak_bytes"]
    rows = [
        ("bare pipe (norm, csq, two annotates, BGZF)", f"{seconds['pipe']:.2f} s", ""),
        ("manage.py annotate", f"{seconds['command']:.2f} s", ""),
        ("the same as a job of the service", f"{seconds['job']:.2f} s", ""),
        ("annotate / bare pipe", f"{figures['command_over_pipe']:.2f}", "<= 1.3"),
        ("job / annotate", f"{figures['job_over_command']:.2f}", "<= 1.05"),
        (f"a job of {SMALL_RECORDS:,} records adds", f"{figures['small_job_adds_seconds']:+.2f} s", "<= +1 s"),
        ("records a second", f"{figures['records_per_second']:,.0f}", ""),
        (f"peak memory, {RECORDS:,} records", f"{peaks[str(RECORDS)] / 2**20:.0f} MiB", ""),
        (f"peak memory, {SMALL_RECORDS:,} records", f"{peaks[str(SMALL_RECORDS)] / 2**20:.0f} MiB", ""),
        ("peak memory, large / small", f"{figures['memory_large_over_small']:.2f}", "<= 1.2"),
    ]
    print(
        f"\n{figures['records']:,} records, median of {figures['rounds']} rounds, {figures['machine']['cores']} cores\n"
    )
    for name, value, goal in rows:
        print(f"  {name:<46} {value:>14}  {goal}")
    print()


if __name__ == "__main__":
    main()
