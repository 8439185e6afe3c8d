"""A result's table of millions of rows, made at once and not by annotating: for `bench/explorer.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotations.engine.reference import SourceField
from annotations.engine.results.samples import SampleLayout
from annotations.engine.results.table import GROUP_ROWS, table_schema, writer_options
from annotations.engine.results.textblock import coded
from bench.genome import SEED

GENES = 20_000
SAMPLES = ("mother", "father", "child")
FIELDS = (
    SourceField("ClinVar_CLNSIG", ".", "String", "Clinical significance", "significance"),
    SourceField("ClinVar_CLNDN", ".", "String", "Disease names", "disease"),
    SourceField("gnomAD_AF", "A", "Float", "Allele frequency", "frequency"),
    SourceField("gnomAD_AC", "A", "Integer", "Allele count", "count"),
)
#: Consequences with their impact and how common they are in a whole genome.
CONSEQUENCES = (
    ("intergenic_variant", "MODIFIER", 0.55),
    ("intron_variant", "MODIFIER", 0.40),
    ("non_coding_transcript_exon_variant", "MODIFIER", 0.02),
    ("synonymous_variant", "LOW", 0.0105),
    ("missense_variant", "MODERATE", 0.0115),
    ("splice_region_variant&intron_variant", "LOW", 0.005),
    ("stop_gained", "HIGH", 0.001),
    ("frameshift_variant", "HIGH", 0.001),
    ("splice_donor_variant", "HIGH", 0.001),
)
SIGNIFICANCES = ("Benign", "Likely_benign", "Uncertain_significance", "Likely_pathogenic", "Pathogenic")
CONTIGS = [f"chr{number}" for number in range(1, 23)] + ["chrX", "chrY"]


def make_table(path: Path, rows: int) -> Path:
    """Write ``rows`` rows over 24 contigs with two sources and three samples, unless there."""
    if path.is_file():
        return path
    dice = np.random.default_rng(SEED + rows)
    schema = table_schema(FIELDS, {"GAS_reference": "BENCH"}, SampleLayout(SAMPLES))
    partial = path.with_suffix(".partial")
    with pq.ParquetWriter(partial, schema, **writer_options(schema)) as writer:
        for first in range(0, rows, GROUP_ROWS):
            count = min(GROUP_ROWS, rows - first)
            made = _columns(dice, first, count, rows)
            arrays = [made.get(field.name, pa.nulls(count, field.type)) for field in schema]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        writer.add_key_value_metadata(schema.metadata)
    partial.rename(path)
    return path


def _columns(dice: np.random.Generator, first: int, count: int, rows: int) -> dict[str, pa.Array]:
    number = np.arange(first, first + count)
    contig = number * len(CONTIGS) // rows
    within = number - contig * rows // len(CONTIGS)
    pos = within * 24 + 10_000 + dice.integers(0, 24, count)
    bases = np.array(list("ACGT"))
    ref = dice.integers(0, 4, count)
    alt = (ref + dice.integers(1, 4, count)) % 4
    kind = dice.choice(len(CONSEQUENCES), count, p=np.array([c[2] for c in CONSEQUENCES]))
    genic = kind > 0
    gene = number * GENES // rows
    names = [f"GENE{at:05}" for at in range(int(gene[0]), int(gene[-1]) + 1)]
    gene_codes = np.where(genic, gene - gene[0], len(names))
    seen = dice.random(count) < 0.9
    frequency = np.round(10 ** -(dice.random(count) * 5), 6)
    reported = dice.random(count) < 0.03
    call = np.where(reported, dice.integers(0, len(SIGNIFICANCES), count), len(SIGNIFICANCES))
    disease = np.where(reported & (call > 1), dice.integers(0, 400, count), 400)
    letters = np.array(list("012."))[dice.choice(4, (count, len(SAMPLES)), p=[0.5, 0.3, 0.18, 0.02])]
    ids = [f"rs{at}" if one else None for at, one in zip((number * 7 + 3).tolist(), seen.tolist(), strict=True)]
    return {
        "row": pa.array(number),
        "contig": coded(CONTIGS, contig),
        "pos": pa.array(pos),
        "id": pa.array(ids, pa.string()),
        "ref": coded(list(bases), ref),
        "alt": coded(list(bases), alt),
        "qual": pa.array(dice.integers(10, 1000, count).astype(float)),
        "filter": coded(["PASS", "LowQual"], (dice.random(count) < 0.1).astype(np.int64)),
        "class": coded(["SNV"], np.zeros(count, np.int64)),
        "gene": coded([*names, None], gene_codes),
        "genes": coded([*names, None], gene_codes),
        "transcript": coded([*(f"T{name}" for name in names), None], gene_codes),
        "consequence": coded([c[0] for c in CONSEQUENCES], kind),
        "impact": coded([c[1] for c in CONSEQUENCES], kind),
        "protein": coded(["R340H", "A52T", None], np.where(kind >= 3, dice.integers(0, 2, count), 2)),
        "known": pa.array(seen | reported),
        "not_annotated": coded([None], np.zeros(count, np.int64)),
        "ClinVar_CLNSIG": coded([*SIGNIFICANCES, None], call),
        "ClinVar_CLNDN": coded([*(f"Disease_{at}|not_provided" for at in range(400)), None], disease),
        "gnomAD_AF": pa.array(frequency, mask=~seen),
        "gnomAD_AC": pa.array((frequency * 150_000).astype(np.int64), mask=~seen),
        "carriers": pa.array(np.isin(letters, ["1", "2"]).sum(axis=1).astype(np.int32)),
        "called": pa.array((letters != ".").sum(axis=1).astype(np.int32)),
        "genotypes_0": pa.array(["".join(row) for row in letters.tolist()], pa.string()),
    }
