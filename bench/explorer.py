"""The explorer's questions to a table of millions of rows: first page, each filter, each order, the counts.

EXPLORER_ROWS (default 5,000,000) and REPEATS (15) in the environment change the load. Wall time is what a user waits;
processor time is printed beside it, because on a busy machine only that can be compared.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pysam

from annotations.engine.reference import Contig, Reference, Source
from annotations.engine.results.bgzf import BgzfWriter
from bench.explorer_table import CONTIGS, FIELDS, make_table

if TYPE_CHECKING:
    from annotations.explorer.table import VariantTable

ROWS = int(os.environ.get("EXPLORER_ROWS", "5000000"))
REPEATS = int(os.environ.get("REPEATS", "15"))
GOAL_MS = 200
REGION = ("chr7", 1_000_000, 2_000_000)
FILTERS = (
    "q=GENE01234",
    "q=chr7:1234567",
    "q=rs700003",
    "q=disease_12",
    "gene=GENE01234,GENE00007,GENE19999",
    f"region={REGION[0]}:{REGION[1]}-{REGION[2]}",
    "impact=HIGH,MODERATE",
    "consequence=stop_gained,frameshift_variant",
    "worst=missense_variant",
    "class=SNV",
    "known=no",
    "clinical=pathogenic,likely",
    "disease=disease_12",
    "frequency=0.001",
    "frequency=unseen",
    "quality=500",
    "filter=PASS",
    "genotype=3:hom",
    "genotype=1:het&genotype=3:carrier",
)
SORTS = (
    "row",
    "-row",
    "pos",
    "-qual",
    "-impact",
    "gene",
    "-consequence",
    "-gnomAD_AF",
    "ClinVar_CLNSIG",
    "id",
    "-genotype.3",
)
FUNNEL = "impact=HIGH,MODERATE&frequency=0.001&quality=100&filter=PASS&genotype=3:carrier"
Measured = tuple[float, float, float]


def main() -> dict[str, Any]:
    """Measure, print a table and a line of JSON, and return the figures."""
    cache = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "gas-bench"
    cache.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
    os.environ.setdefault("DATA_DIR", str(cache))
    import django  # noqa: PLC0415 (after the environment is made)

    django.setup()
    from annotations.explorer.table import VariantTable  # noqa: PLC0415 (after the environment is made)

    path = make_table(cache / f"explorer-{ROWS}.parquet", ROWS)
    started = time.perf_counter()
    table = VariantTable(path, reference())
    figures: dict[str, Any] = {"rows": ROWS, "repeats": REPEATS, "megabytes": path.stat().st_size / 2**20}
    figures["opening_ms"] = 1_000 * (time.perf_counter() - started)
    figures["milliseconds"] = {name: measured(ask) for name, ask in questions(table).items()}
    figures["tabix"] = beside_tabix(table, cache / f"explorer-{ROWS}.vcf.gz")
    table.close()
    print_table(figures)
    print(json.dumps(figures))
    return figures


def reference() -> Reference:
    """Return what the catalogue wants to know of a reference: contigs, and sources with their roles."""
    nowhere = Path("nowhere")
    contigs = tuple(Contig(name, 250_000_000) for name in CONTIGS)
    sources = tuple(
        Source(name, "bench", "", "", nowhere, 0, "", tuple(one for one in FIELDS if one.info.startswith(name)))
        for name in ("ClinVar", "gnomAD")
    )
    return Reference("BENCH", "bench", "bench", "", nowhere, nowhere, contigs, sources, 0, ())


def questions(table: VariantTable) -> dict[str, Callable[[], object]]:
    """Return each question by name. Counts are not kept between repeats; the values of columns are, as in the site."""
    from annotations.explorer.choice import default_columns, queried  # noqa: PLC0415
    from annotations.explorer.filters import Filter  # noqa: PLC0415
    from annotations.explorer.plan import plan_for  # noqa: PLC0415
    from annotations.explorer.sorting import read_sort  # noqa: PLC0415

    shown = queried(default_columns(table.catalogue), table.catalogue)

    def page(query: str, sort: str = "row", after: int | None = None) -> Callable[[], object]:
        def ask() -> object:
            plan = plan_for(Filter.from_text(query), table)
            return table.page(plan.where, read_sort(sort, table.catalogue), after=after, columns=shown)

        return ask

    def counts(query: str) -> Callable[[], object]:
        def ask() -> object:
            plan = plan_for(Filter.from_text(query), table)
            table.forget_counts()
            return table.counts(plan.conditions)

        return ask

    asked: dict[str, Callable[[], object]] = {"first page": page("")}
    asked |= {f"page {query}": page(query) for query in FILTERS}
    asked |= {f"count {query}": counts(query) for query in FILTERS}
    asked |= {f"sort {name}": page("", name) for name in SORTS}
    asked |= {f"sort {name}, after a row": page("", name, ROWS // 2) for name in SORTS}
    return {**asked, "funnel of five steps": counts(FUNNEL)}


def measured(ask: Callable[[], object]) -> Measured:
    """Return median and 95th percentile of the wall time, and the median processor time, in ms, once it is warm."""
    ask()
    walls, processor = [], []
    for _ in range(REPEATS):
        wall, used = time.perf_counter(), time.process_time()
        ask()
        walls.append(1_000 * (time.perf_counter() - wall))
        processor.append(1_000 * (time.process_time() - used))
    return statistics.median(walls), statistics.quantiles(walls, n=20)[-1], statistics.median(processor)


def beside_tabix(table: VariantTable, vcf: Path) -> dict[str, float]:
    """Compare the first 50 rows of a region with reading as many lines of the same region by tabix."""
    from annotations.explorer.filters import Filter  # noqa: PLC0415
    from annotations.explorer.plan import plan_for  # noqa: PLC0415

    make_vcf(table, vcf)
    contig, start, end = REGION
    with pysam.TabixFile(str(vcf)) as file:
        tabix = measured(lambda: [line for line, _ in zip(file.fetch(contig, start - 1, end), range(50), strict=False)])
    where = plan_for(Filter.from_text(f"region={contig}:{start}-{end}"), table).where
    page = measured(lambda: table.page(where))
    return {"tabix_ms": tabix[0], "page_ms": page[0]}


def make_vcf(table: VariantTable, path: Path) -> None:
    """Write the table's rows as an indexed VCF, unless there."""
    if path.with_name(f"{path.name}.tbi").is_file():
        return
    columns = [
        column
        for column in map(table.catalogue.get, ("contig", "pos", "id", "ref", "alt", "qual", "filter", "gnomAD_AF"))
        if column
    ]
    with path.open("wb") as target:
        writer = BgzfWriter(target)
        writer.write(b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for batch in table.batches(columns=columns):
            rows = zip(*(batch.column(number).to_pylist() for number in range(1, batch.num_columns)), strict=True)
            lines = "".join(
                f"{c}\t{p}\t{i or '.'}\t{r}\t{a}\t{q:g}\t{f}\tAF={af}\n" for c, p, i, r, a, q, f, af in rows
            )
            writer.write(lines.encode())
        writer.close()
    pysam.tabix_index(str(path), preset="vcf", force=True)


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(
        f"\n{ROWS:,} rows ({figures['megabytes']:.0f} MiB), opened in {figures['opening_ms']:.0f} ms; milliseconds:\n"
    )
    print(f"  {'':<58} {'median':>7} {'p95':>7} {'processor':>10}")
    for name, (median, p95, processor) in figures["milliseconds"].items():
        print(
            f"  {name:<58} {median:>7.0f} {p95:>7.0f} {processor:>10.0f}{'' if p95 <= GOAL_MS else '  over the goal'}"
        )
    tabix = figures["tabix"]
    print(f"\n  first page of a region {tabix['page_ms']:.1f} ms, by tabix {tabix['tabix_ms']:.1f} ms\n")


if __name__ == "__main__":
    main()
