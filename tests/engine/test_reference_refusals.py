"""Files a reference cannot be made of: one sentence with the file, the line and the repair, and nothing left behind."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install import installer as install
from annotations.engine.install.installer import install_reference
from annotations.engine.install.requests import vcf_request
from annotations.engine.reference import Reference
from tests.engine import toy

RECORD = "chr1\t36\t.\tA\tG\t.\t.\tAF=0.1\n"


def attempt(
    directory: Path,
    *,
    fasta: str | bytes = toy.FASTA,
    gff: str | bytes = toy.GFF,
    source: str | bytes | None = None,
    fields: tuple[str, ...] = ("AF",),
    name: str = "toy",
    codes: dict[str, int] | None = None,
) -> Reference:
    """Try to install what the arguments break; afterwards no directory may have been added."""
    files = directory / "files"
    files.mkdir()
    sources = []
    if source is not None:
        sources.append(vcf_request("S", toy.write(files, "s.vcf", source), fields))
    try:
        return install_reference(
            name,
            toy.write(files, "toy.fa", fasta),
            toy.write(files, "toy.gff", gff),
            directory=directory / "references",
            codes=codes,
            sources=sources,
        )
    finally:
        assert [path.name for path in directory.iterdir()] == ["files"]


@pytest.mark.parametrize(
    ("fasta", "sentence"),
    [
        ("", "toy.fa is empty."),
        ("\n\n", "toy.fa holds no sequence. Give a FASTA file."),
        (
            "ACGT\n>chr1\nACGT\n",
            "toy.fa, line 1: a FASTA begins with a line like >chr1. Give a FASTA file.",
        ),
        (
            toy.FASTA.replace(">MT", ">chr1 again"),
            "toy.fa, line 5: the contig chr1 is there twice. Keep one of them.",
        ),
        (
            toy.FASTA + ">empty\n>more\nACGT\n",
            "toy.fa, line 7: the contig empty has no sequence. Remove it or complete it.",
        ),
        (
            toy.FASTA + ">last\n",
            "toy.fa, line 7: the contig last has no sequence. Remove it or complete it.",
        ),
        (
            toy.FASTA.replace("GGGGG", "GGXGG"),
            "toy.fa, line 6: 'X' is no IUPAC nucleotide code. Give a DNA FASTA.",
        ),
        (
            toy.FASTA.replace("GGGGG", "GG-GG"),
            "toy.fa, line 6: '-' is no IUPAC nucleotide code. Give a DNA FASTA.",
        ),
        (
            toy.FASTA.replace(">MT", "> MT"),
            "toy.fa, line 5: 'nothing' cannot be a contig's name in VCF. Rename it.",
        ),
        (
            toy.FASTA.replace(">MT", ">M,T"),
            "toy.fa, line 5: 'M,T' cannot be a contig's name in VCF. Rename it.",
        ),
        (gzip.compress(toy.FASTA.encode())[:-9], "toy.fa is a damaged gzip file. Copy it again."),
        (b"\x1f\x8b\x08\x00garbage and more garbage", "toy.fa is a damaged gzip file. Copy it again."),
    ],
)
def test_a_broken_fasta_is_refused(tmp_path: Path, fasta: str | bytes, sentence: str) -> None:
    with pytest.raises(ReferenceRefused) as caught:
        attempt(tmp_path, fasta=fasta)
    assert str(caught.value) == sentence


def line(text: str, old: str, new: str) -> str:
    """The toy GFF with one thing in one of its lines replaced."""
    assert old in text
    return toy.GFF.replace(text, text.replace(old, new))


NO_GENES = (
    "toy.gff holds no transcript that can be used: a gene, a transcript with Parent and biotype, and its exons and "
    "CDS are needed. Give a GFF3 as Ensembl's."
)


@pytest.mark.parametrize(
    ("gff", "sentence"),
    [
        ("", "toy.gff is empty."),
        ("##gff-version 3\n", NO_GENES),
        (toy.GFF.replace("mRNA", "thing").replace("biotype=protein_coding", "biotype=TEC"), NO_GENES),
        (
            toy.GFF.replace("\t", "  "),
            "toy.gff, line 2: 1 columns where GFF3 has 9. Separate them by tabs.",
        ),
        (
            'chr1\ttoy\texon\t11\t31\t.\t+\t.\tgene_id "G1"; transcript_id "T1";\n',
            "toy.gff, line 1: these are the attributes of a GTF. Convert it to GFF3.",
        ),
        (
            toy.GFF.replace("chr1\t", "chr7\t"),
            "toy.gff, line 2: the contig chr7 is not in the FASTA. Give the FASTA's own GFF3.",
        ),
        (
            line(toy.EXON, "\t11\t", "\televen\t"),
            "toy.gff, line 4: start and end are not numbers. Give a GFF3 file.",
        ),
        (
            line(toy.EXON, "\t11\t31\t", "\t31\t11\t"),
            "toy.gff, line 4: the start 31 lies behind the end 11. Swap them.",
        ),
        (
            line(toy.EXON, "\t31\t", "\t46\t"),
            "toy.gff, line 4: 11-46 reaches outside chr1 (1-45). Give matching files.",
        ),
        (
            line(toy.CDS, "\t11\t", "\t0\t"),
            "toy.gff, line 5: 0-31 reaches outside chr1 (1-45). Give matching files.",
        ),
        (
            line(toy.CDS, "\t0\tParent", "\t3\tParent"),
            "toy.gff, line 5: '3' is no phase of a CDS. Write 0, 1, 2 or ..",
        ),
        (
            line(toy.TRANSCRIPT, "gene:G1", "gene:G2"),
            "toy.gff, line 3: its Parent G2 is nowhere on chr1. Add it.",
        ),
        (
            line(toy.EXON, "transcript:T1", "transcript:T2"),
            "toy.gff, line 4: its Parent T2 is nowhere on chr1. Add it.",
        ),
        (
            toy.GFF + toy.TRANSCRIPT + "\n",
            "toy.gff, line 6: the ID T1 is there twice. Make IDs unique.",
        ),
        (
            line(toy.CDS, "\t+\t", "\t-\t"),
            "toy.gff, line 5: a CDS on strand - in the transcript T1 on +. Correct the strand.",
        ),
        (
            line(toy.CDS, "\t31\t", "\t20\t") + toy.CDS.replace("\t11\t", "\t25\t") + "\n",
            "toy.gff, line 6: phase 0 of T1, where the CDS before it asks for 2. Correct the phase column.",
        ),
        (toy.GFF.encode() + b"chr1\t\xff\n", "toy.gff, line 6: this is not UTF-8 text. Save it as UTF-8."),
        (toy.GFF.replace("toy", "t\0y"), "toy.gff, line 2: this is not a text file."),
    ],
)
def test_a_broken_gff_is_refused(tmp_path: Path, gff: str | bytes, sentence: str) -> None:
    with pytest.raises(ReferenceRefused) as caught:
        attempt(tmp_path, gff=gff)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("source", "fields", "sentence"),
    [
        (RECORD, ("AF",), "s.vcf is no VCF text. Convert it with bcftools view -Oz."),
        (toy.HEADER + RECORD, ("AC",), "s.vcf declares no INFO field AC. It has: AF, CLNDN, SEEN."),
        (toy.HEADER + RECORD, (), "The source S needs a name and fields that no other source has."),
        (toy.HEADER + RECORD, ("AF", "AF"), "The source S needs a name and fields that no other source has."),
        (toy.HEADER, ("AF",), "s.vcf has no allele on this reference. Give a VCF of this assembly."),
        (
            toy.HEADER + RECORD.replace("chr1", "chr9"),
            ("AF",),
            "s.vcf has no allele on this reference. Give a VCF of this assembly.",
        ),
        (
            toy.HEADER + RECORD.replace("\t", " "),
            ("AF",),
            "s.vcf, line 7: this is no VCF record. Separate its columns by tabs.",
        ),
        (
            toy.HEADER + RECORD * 2 + RECORD.replace("\tA\t", "\tC\t"),
            ("AF",),
            "s.vcf: 1 of 3 records have another REF than the reference. Give a VCF of this assembly.",
        ),
        (
            toy.HEADER + "chr1\t36\t.\tA\tG,C\t.\t.\tAF=0.1,0.2,0.3\n",
            ("AF",),
            "s.vcf, line 7: AF has 3 values, not 2. Correct it.",
        ),
        (
            toy.HEADER + "chr1\t36\t.\t\tG\t.\t.\t.\n",
            ("AF",),
            "s.vcf, line 7: this is no VCF record. Separate its columns by tabs.",
        ),
        (
            toy.HEADER + RECORD.replace("0.1", "a lot"),
            ("AF",),
            "s.vcf, line 7: S_AF is 'a%20lot', no Float. Correct it.",
        ),
    ],
)
def test_a_broken_source_is_refused(tmp_path: Path, source: str, fields: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ReferenceRefused) as caught:
        attempt(tmp_path, source=source, fields=fields)
    assert str(caught.value) == sentence


def test_an_unknown_genetic_code_is_refused_by_the_self_test(tmp_path: Path) -> None:
    with pytest.raises(ReferenceRefused, match=r"^bcftools csq cannot use the genes with genetic code 99: "):
        attempt(tmp_path, codes={"chr1": 99})


def test_a_code_for_a_contig_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceRefused, match=r"^A genetic code is given for chrX, which is not in the FASTA"):
        attempt(tmp_path, codes={"chrX": 2})


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 65, "ümlaut", "a b"])
def test_a_name_that_is_no_plain_word_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReferenceRefused, match="cannot be a reference's name"):
        attempt(tmp_path, name=name)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    fasta = toy.write(tmp_path, "toy.fa", toy.FASTA)
    with pytest.raises(ReferenceRefused, match=r"^absent\.gff cannot be read: No such file or directory\.$"):
        install_reference("toy", fasta, tmp_path / "absent.gff", directory=tmp_path / "references")
    assert not (tmp_path / "references").exists()


def test_a_name_that_is_taken_is_refused_and_what_has_it_stays(tmp_path: Path) -> None:
    fasta, gff = toy.write(tmp_path, "toy.fa", toy.FASTA), toy.write(tmp_path, "toy.gff", toy.GFF)
    there = install_reference("toy", fasta, gff, directory=tmp_path / "references")
    with pytest.raises(ReferenceRefused, match="There is a reference toy already"):
        install_reference("toy", fasta, gff, directory=tmp_path / "references")
    assert [path.name for path in (tmp_path / "references").iterdir()] == ["toy"]
    assert there.sequence("MT").fetch(0, 5) == b"CCCCC"


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_reference: Reference) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(install, "self_test", interrupted)
    with pytest.raises(KeyboardInterrupt):
        attempt(tmp_path)
