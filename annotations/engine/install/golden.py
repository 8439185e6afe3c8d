"""Variants with known answers, annotated with a new reference before it is put in place."""

from __future__ import annotations

import gzip
import hashlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from annotations.engine.child import run_child
from annotations.engine.errors import EngineError, ReferenceRefused
from annotations.engine.reference import Reference
from annotations.engine.task import Task

#: The bases of NC_012920.1, as GRCh38's sequence dictionary has them.
RCRS_MD5 = "c68f52674c9fb33aef52dcf399755519"
SECONDS = 1800.0


@dataclass(frozen=True)
class Golden:
    """An allele, and what INFO must say of it: the whole value, or one of those it lists."""

    contig: str
    position: int
    ref: str
    alt: str
    expected: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.contig}:{self.position} {self.ref}>{self.alt}"


def check_rcrs(reference: Reference, contig: str) -> None:
    """Raises ReferenceRefused when the contig's bases are not rCRS's."""
    sequence = reference.sequence(contig) if contig in {c.name for c in reference.contigs} else None
    bases = sequence.fetch(0, len(sequence)) if sequence else b""
    if hashlib.md5(bases, usedforsecurity=False).hexdigest() != RCRS_MD5:
        raise ReferenceRefused(
            f"{contig} of {reference.name} is not rCRS (NC_012920.1): it has {len(bases):,} bases, or others. "
            "Take the FASTA that the catalogue names."
        )


def check_golden(reference: Reference, golden: Sequence[Golden]) -> None:
    """Annotate all of them; raises ReferenceRefused with the first that does not say what it must.

    What a source that is not installed would say is not asked.
    """
    if not golden:
        return
    sources = {field.info for source in reference.sources for field in source.fields}
    found = _annotated(reference, golden)
    for one in golden:
        info = found.get((one.contig, str(one.position), one.ref, one.alt))
        if info is None:
            raise ReferenceRefused(f"The golden variant {one} is not as normalised. Write it left-aligned.")
        for key, wanted in one.expected.items():
            value = unquote(info.get(key, ""))
            if (key.startswith("GAS_") or key in sources) and wanted not in {value, *re.split(r"[,&|]", value)}:
                raise ReferenceRefused(
                    f"The golden variant {one} has {key} {value or 'missing'} on {reference.name}, not {wanted}: the "
                    "files do not belong together, or a source has changed."
                )


def _annotated(reference: Reference, golden: Sequence[Golden]) -> dict[tuple[str, ...], dict[str, str]]:
    lines = [f"{one.contig}\t{one.position}\t.\t{one.ref}\t{one.alt}\t.\t.\t.\n" for one in golden]
    with tempfile.TemporaryDirectory(prefix="gas-golden-") as scratch:
        vcf = Path(scratch) / "golden.vcf"
        vcf.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + "".join(lines))
        task = Task(vcf, vcf.name, reference.directory, Path(scratch) / "out")
        try:
            result = run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=SECONDS)
        except EngineError as error:
            raise ReferenceRefused(f"The golden variants cannot be annotated: {error}") from error
        annotated = next(file.path for file in result.files if file.kind == "vcf")
        with gzip.open(annotated, "rt", encoding="utf-8") as file:
            records = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return {
        (r[0], r[1], r[3], r[4]): {k: v or "1" for k, _, v in (part.partition("=") for part in r[7].split(";"))}
        for r in records
    }
