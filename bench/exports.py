"""Exports of a large table: seconds, and the memory of the process beside that of a small table's export.

EXPORT_ROWS (default 1,000,000) in the environment changes the load. Each export runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.explorer_table import make_table
from bench.measure import run

ROWS = int(os.environ.get("EXPORT_ROWS", "1000000"))
SMALL_ROWS = 10_000
FORMATS = ("vcf", "tsv", "jsonl", "parquet", "xlsx")
GOAL = 1.5


def main() -> dict[str, Any]:
    """Measure every format, print a table and a line of JSON, and return the figures."""
    figures = {name: measure(name, ROWS) for name in FORMATS}
    print(f"\nExports of {ROWS:,} variants")
    for name, found in figures.items():
        print(
            f"  {name:8} {found['seconds']:7.1f} s {found['mib']:6.0f} MiB of file, "
            f"memory {found['peak_mib']:.0f} MiB, {found['memory_ratio']:.2f} times a small one's (goal {GOAL})"
        )
    print(json.dumps({"exports": figures}))
    return figures


def measure(name: str, rows: int) -> dict[str, float]:
    """Export a small and a large table, each in a process of its own."""
    small, large = _child(name, SMALL_ROWS), _child(name, rows)
    return {**large, "memory_ratio": large["peak_mib"] / small["peak_mib"]}


def _child(name: str, rows: int) -> dict[str, float]:
    with tempfile.NamedTemporaryFile(suffix=".json") as answer:
        run([sys.executable, "-m", "bench.exports", name, str(rows), answer.name])
        found: dict[str, float] = json.loads(Path(answer.name).read_text())
    return found


def export(name: str, rows: int) -> dict[str, float]:
    """Write an export of a generated table to nowhere, and say what it took."""
    cache = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "gas-bench"
    cache.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
    os.environ.setdefault("DATA_DIR", str(cache))
    import django  # noqa: PLC0415 (after the environment is made)

    django.setup()
    from annotations.explorer.conditions import EVERYTHING  # noqa: PLC0415 (after Django)
    from annotations.explorer.sorting import FILE_ORDER  # noqa: PLC0415
    from annotations.explorer.table import VariantTable  # noqa: PLC0415
    from annotations.exports.content import Content, exported_columns  # noqa: PLC0415
    from annotations.exports.formats import FORMATS as WRITERS  # noqa: PLC0415

    table = VariantTable(make_table(cache / f"explorer-{rows}.parquet", rows))
    vcf = _vcf(cache / f"explorer-{rows}.vcf.gz", rows) if name == "vcf" else None
    content = Content(table, EVERYTHING, FILE_ORDER, exported_columns(table.catalogue), (), vcf)
    started = time.monotonic()
    size = sum(map(len, WRITERS[name].write(content)))
    seconds = time.monotonic() - started
    table.close()
    return {
        "seconds": seconds,
        "mib": size / 2**20,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }


def _vcf(path: Path, rows: int) -> Path:
    """Write a VCF with a line for each of the table's rows, unless there."""
    from annotations.engine.results.bgzf import BgzfWriter  # noqa: PLC0415

    if not path.is_file():
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            writer = BgzfWriter(file)
            for block in _lines(rows):
                writer.write(block)
            writer.close()
        partial.rename(path)
    return path


def _lines(rows: int) -> Iterator[bytes]:
    yield b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
    for first in range(0, rows, 10_000):
        numbers = range(first, min(rows, first + 10_000))
        yield "".join(
            f"chr1\t{at}\trs{at * 7}\tA\tG\t50\tPASS\tBCSQ=missense|GENE|T{at}|protein_coding\tGT:DP\t0/1:30\n"
            for at in numbers
        ).encode()


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(export(sys.argv[1], int(sys.argv[2]))))
