"""Contigs taken together or one by one give the same result."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from annotations.engine.install.installer import install_reference
from annotations.engine.pipe import segments
from annotations.engine.pipe.run import annotate
from annotations.engine.task import Task
from tests.engine import toy
from tests.engine.annotating import vcf

RECORDS = ("chr1 12 . T G . . .", "chr1 14 . G T . . .", "MT 3 . C T . . .")
HEADER = "##fileformat=VCFv4.2\n"


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    fasta, gff = toy.write(tmp_path, "toy.fa", toy.FASTA), toy.write(tmp_path, "toy.gff3", toy.GFF)
    return install_reference("toy", fasta, gff, codes={"MT": 2}, directory=tmp_path).directory


@pytest.mark.parametrize("together", [50_000, 0])
def test_a_reference_with_two_genetic_codes_is_annotated_contig_by_contig(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(segments, "MAX_TRANSCRIPTS_TOGETHER", together)
    source, scratch = tmp_path / "in.vcf", tmp_path / "scratch"
    source.write_text(vcf(*RECORDS, header=HEADER))
    scratch.mkdir()
    result = annotate(Task(source, "in.vcf", reference, tmp_path / "out"), lambda _: None, scratch)
    text = gzip.decompress(result.files[0].path.read_bytes()).decode()
    assert result.summary["by_consequence"] == {"start_lost": 1, "missense_variant": 1, "intergenic_variant": 1}
    assert text.count("#CHROM") == 1
    assert [line.split("\t")[0] for line in text.splitlines() if not line.startswith("#")] == ["chr1", "chr1", "MT"]
