"""The whole engine on references made of samtools' own csq tests: the expected consequences, in both modes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from annotations.engine.install.installer import install_reference
from annotations.engine.pipe.run import annotate
from annotations.engine.task import Task
from tests.engine import toy
from tests.engine.csq_slices import Consequences, expected, found, slices

#: The engine trims the one allele of the slices that is written longer than it has to be, and csq names it so.
LONG = ("GTCCGTCGGCATAAACTT", "GTCCGTCGGCATAAACTTTCCGTCGGCATAAACTT")
TRIMMED = ("G", "GTCCGTCGGCATAAACTT")


def trimmed(consequences: Consequences) -> Consequences:
    spelling = (">".join(LONG), ">".join(TRIMMED))
    return {
        (position, *(TRIMMED if alleles == list(LONG) else alleles)): {word.replace(*spelling) for word in words}
        for (position, *alleles), words in consequences.items()
    }


def within(consequences: Consequences, length: int) -> Consequences:
    """Two records reach over the end of their slice, where csq guesses; the engine leaves these unannotated."""
    return {
        (position, ref, alt): words if position + len(ref) - 1 <= length else set()
        for (position, ref, alt), words in consequences.items()
    }


@pytest.mark.parametrize("haplotype_aware", [False, True])
def test_the_engine_writes_the_consequences_samtools_expects(
    shared_data: Path, tmp_path: Path, *, haplotype_aware: bool
) -> None:
    records = beyond = 0
    for folder in slices(shared_data):
        reference = install_reference(
            folder.name, folder / f"{folder.name}.fa", folder / f"{folder.name}.gff", directory=tmp_path / "references"
        )
        for vcf in sorted(folder.glob("*.vcf")):
            # They declare whole chromosomes over slices of them, which would rightly be refused.
            lines = [line for line in vcf.read_text().splitlines(keepends=True) if not line.startswith("##contig")]
            source = toy.write(tmp_path, vcf.name, "".join(lines))
            output, scratch = (tmp_path / kind / folder.name / vcf.stem for kind in ("output", "scratch"))
            output.mkdir(parents=True)
            scratch.mkdir(parents=True)
            task = Task(source, vcf.name, reference.directory, output, haplotype_aware=haplotype_aware)
            result = annotate(task, lambda _progress: None, scratch)
            [annotated] = [file.path for file in result.files if file.kind == "vcf"]
            wanted = within(trimmed(expected(vcf, haplotype_aware=haplotype_aware)), reference.contigs[0].length)
            assert found(gzip.decompress(annotated.read_bytes()).decode()) == wanted, vcf.name
            assert result.summary["total"] == len(wanted)
            records += len(wanted)
            beyond += result.summary["not_annotated"].get("beyond_contig", 0)
    assert (records, beyond) == (47, 2)
