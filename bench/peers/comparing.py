"""`python -m bench.peers`: GAS beside snpEff and vcfanno on the same generated files, as a table, JSON and pictures.

Each size is measured in rounds; a round runs every program once, one after the other, so that a ratio compares
neighbours in time. snpEff has a database of the same FASTA and GFF3 and writes no statistics; vcfanno adds the two
sources that GAS adds, too, with as many threads as there are cores. `two annotates` is bcftools adding the same two
sources, BGZF at the end. GAS does both works at once, checks each line, and writes table, summary and index besides.

PEER_RECORDS (default 10000,100000,1000000), MOST_PEER_RECORDS (1000000: beyond it only GAS and the bare pipe), ROUNDS
(3) and BENCH_DIR in the environment change the load. A program that is not installed is said to be missing.
"""

from __future__ import annotations

import gzip
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.engine_runs import REFERENCE, annotate, bare_pipe, install, source_stages
from bench.genome import make_genome, make_variants
from bench.measure import Cost, run
from bench.peers.tools import SNPEFF_LEAST_HEAP, SOURCES, Tool, java_version, snpeff, vcfanno
from bench.site import ROOT

SIZES = [int(word) for word in os.environ.get("PEER_RECORDS", "10000,100000,1000000").split(",")]
MOST = int(os.environ.get("MOST_PEER_RECORDS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
GAS, PIPE, ANNOTATES = "GAS", "bare pipe", "two annotates"
SNPEFF, SMALL_SNPEFF, VCFANNO = "snpEff", "snpEff, least heap", "vcfanno"
FASTER, SMALLER = 8, 0.1
Runs = dict[str, list[Cost]]


def main(pictures: Path | None = None) -> dict[str, Any]:
    """Measure, print a table and a line of JSON, draw where asked to, and return the figures."""
    cache = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "gas-bench"
    genome = make_genome(cache)
    tools = [
        snpeff(genome, cache / "snpeff", name=SNPEFF),
        snpeff(genome, cache / "snpeff", SNPEFF_LEAST_HEAP, SMALL_SNPEFF),
        vcfanno(genome, cache / "vcfanno", os.cpu_count() or 1),
    ]
    here = [tool for tool in tools if tool is not None]
    for name in {SNPEFF, VCFANNO} - {tool.name for tool in here}:
        print(f"{name} is not installed here and not compared: apt-get install {name.lower()}")
    with tempfile.TemporaryDirectory(prefix="gas-bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        environment = {**os.environ, "DATA_DIR": f"{scratch}/data", "EMAIL_URL": "console:"}
        install(genome, environment)
        sizes = {size: _rounds(cache, size, here, Path(scratch), environment) for size in SIZES}
    figures = figures_of(sizes, here)
    print_table(figures)
    print(json.dumps(figures))
    if pictures:
        from bench.peers.plots import draw  # noqa: PLC0415 (matplotlib is for those who draw)

        draw(pictures, rows=figures["rows"])
    return figures


def _rounds(cache: Path, size: int, tools: list[Tool], scratch: Path, environment: dict[str, str]) -> Runs:
    """Run every program so many times on one file."""
    variants = make_variants(cache / f"{size}.vcf", size)
    reference = scratch / "data" / "references" / REFERENCE
    output = scratch / "output.vcf"
    deeds: dict[str, Callable[[], Cost]] = {
        GAS: lambda: annotate(variants, scratch / "gas", environment),
        PIPE: lambda: bare_pipe(reference, variants, scratch / "pipe.vcf.gz"),
    }
    if size <= MOST:
        deeds[ANNOTATES] = lambda: _two_annotates(reference, variants, scratch / "two.vcf.gz")
        deeds |= {tool.name: lambda tool=tool: run(tool.on(variants, output)) for tool in tools}  # type: ignore[misc]
    runs: Runs = {name: [] for name in deeds}
    for _ in range(ROUNDS):
        for name, deed in deeds.items():
            runs[name].append(deed())
            print(f"{size:,} records, {name}: {runs[name][-1]}", file=sys.stderr)
            if name == VCFANNO:
                _see_same_work(output, scratch / "two.vcf.gz")
    return runs


def _two_annotates(reference: Path, variants: Path, output: Path) -> Cost:
    stages = source_stages(reference, output, variants)
    return run(" | ".join(stages), cwd=ROOT)


def _see_same_work(one: Path, other: Path) -> None:
    """Raise RuntimeError unless both files have as many records with each source's field."""
    with one.open() as first, gzip.open(other, "rt") as second:
        found, wanted = _annotated(first), _annotated(second)
    if found != wanted or not all(found.values()):
        raise RuntimeError(f"the programs did not add the same: {found}, {wanted}")


def _annotated(lines: Any) -> dict[str, int]:
    counts = dict.fromkeys((name for name, _ in SOURCES), 0)
    for line in lines:
        if not line.startswith("#"):
            for name in counts:
                counts[name] += f"{name}=" in line
    return counts


def figures_of(sizes: dict[int, Runs], tools: list[Tool]) -> dict[str, Any]:
    """Return medians and, of each round, the ratios to GAS."""
    rows = []
    for size, runs in sizes.items():
        for name, costs in runs.items():
            pairs = list(zip(costs, runs[GAS], strict=True))
            rows.append(
                {
                    "records": size,
                    "program": name,
                    "seconds": statistics.median(cost.seconds for cost in costs),
                    "processor_seconds": statistics.median(cost.processor_seconds for cost in costs),
                    "peak_bytes": statistics.median(cost.peak_bytes for cost in costs),
                    "seconds_over_gas": statistics.median(cost.seconds / gas.seconds for cost, gas in pairs),
                    "processor_over_gas": statistics.median(
                        cost.processor_seconds / gas.processor_seconds for cost, gas in pairs
                    ),
                    "gas_memory_over": statistics.median(gas.peak_bytes / cost.peak_bytes for cost, gas in pairs),
                }
            )
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]},
        "versions": {tool.name: tool.version for tool in tools} | {"java": java_version() if tools else ""},
        "rounds": ROUNDS,
        "rows": rows,
    }


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures for people, as Markdown."""
    print(f"\nMedian of {figures['rounds']} rounds, {figures['machine']['cores']} cores, "
          f"load {figures['machine']['load']:.1f}; {figures['versions']}\n")  # fmt: skip
    print(
        "| records | program | seconds | processor | peak memory | seconds / GAS's | processor / GAS's | GAS's / its |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in figures["rows"]:
        took = f"{row['seconds']:.1f} | {row['processor_seconds']:.1f} | {row['peak_bytes'] / 2**20:,.0f} MiB"
        ratios = f"{row['seconds_over_gas']:.2f} | {row['processor_over_gas']:.2f} | {row['gas_memory_over']:.2f}"
        print(f"| {row['records']:,} | {row['program']} | {took} | {ratios} |")
    print(f"\nGoals against snpEff: >= {FASTER} times the variants a second, <= {SMALLER} of the memory.\n")
