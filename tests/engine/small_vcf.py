"""Small VCF files on rCRS, whole or broken in one place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from annotations.engine.reading.reader import VcfReader
from annotations.engine.reference import Reference, load_reference

RCRS = Path(__file__).resolve().parents[2] / "annotations" / "references" / "rCRS"
META = (
    "##fileformat=VCFv4.2",
    '##FILTER=<ID=q10,Description="Quality below 10">',
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">',
    '##INFO=<ID=END,Number=1,Type=Integer,Description="Last base">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depth by allele">',
)
FIXED = "#CHROM POS ID REF ALT QUAL FILTER INFO"
#: Three variants of the MITOMAP kind: m.3460G>A, m.8993T>G and a deletion, each with its true REF.
RECORDS = (
    "MT 3460 rs1 G A 50 PASS DP=10;AF=0.5 GT:DP 0/1:10",
    "MT 8993 . T G,C . q10 DP=12;AF=0.5,0.1 GT:DP 1/2:12",
    "MT 11777 . CG C 3.5 . . GT 1",
)


def tabs(line: str) -> str:
    """A line written with spaces, with tabs; ``~`` stands for a space that stays."""
    return line.replace(" ", "\t").replace("~", " ")


def vcf(*records: str, meta: Sequence[str] = META, samples: Sequence[str] = ("S1",)) -> bytes:
    """A VCF of these records (written with spaces), with a FORMAT column when there are samples."""
    columns = FIXED + (" FORMAT " + " ".join(samples) if samples else "")
    return ("\n".join([*meta, tabs(columns), *map(tabs, records)]) + "\n").encode()


def with_record(record: str) -> bytes:
    """A whole file whose second record, in line 11, is this one."""
    return vcf(RECORDS[0], record)


def put(directory: Path, content: bytes, name: str = "input") -> Path:
    """A file of this content, under a name that tells nothing."""
    path = directory / name
    path.write_bytes(content)
    return path


def rcrs() -> Reference:
    """The bundled reference."""
    return load_reference(RCRS)


def read_all(path: Path, reference: Reference, **options: object) -> bytes:
    """Every record of a file as bcftools gets it."""
    with VcfReader(path, reference, **options) as reader:  # type: ignore[arg-type]
        return b"".join(batch.lines for batch in reader.batches())
