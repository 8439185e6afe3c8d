"""References made out of local files, and what csq says with them."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import pysam
import pytest

from annotations.engine.bcftools import command
from annotations.engine.install.installer import About, install_reference
from annotations.engine.install.requests import vcf_request
from annotations.engine.reference import load_reference, verify_reference
from tests.engine import toy
from tests.engine.csq_slices import expected, found, slices

ROOT = Path(__file__).resolve().parents[2]


def csq(fasta: Path, gff: Path, vcf: Path) -> str:
    arguments = command("csq", "-l", "-C", "1", "-s", "-", "-f", str(fasta), "-g", str(gff), str(vcf))
    return subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def test_references_of_samtools_own_slices_reproduce_its_expected_consequences(
    shared_data: Path, tmp_path: Path
) -> None:
    records = 0
    for folder in slices(shared_data):
        reference = install_reference(
            folder.name, folder / f"{folder.name}.fa", folder / f"{folder.name}.gff", directory=tmp_path
        )
        assert verify_reference(load_reference(reference.directory)) == 3
        for vcf in sorted(folder.glob("*.vcf")):
            wanted = expected(vcf)
            records += len(wanted)
            [gff] = reference.gff_for([reference.contigs[0].name])
            assert found(csq(reference.fasta, gff, vcf)) == wanted, vcf.name
    assert records == 47


def test_gzip_crlf_ragged_lines_and_lower_case_are_taken_over(tmp_path: Path) -> None:
    ragged = f">chr1\r\n{toy.CHR1[:7].lower()}\r\n\r\n{toy.CHR1[7:]}\r\n>MT\r\n{toy.MT}"
    fasta = toy.write(tmp_path, "toy.fa.gz", gzip.compress(ragged.encode()))
    gff = toy.write(tmp_path, "toy.gff.gz", gzip.compress(toy.GFF.replace("\n", "\r\n").encode()))
    reference = install_reference("toy", fasta, gff, directory=tmp_path / "references")
    assert reference.fasta.read_text() == f">chr1\n{toy.CHR1[:7].lower()}{toy.CHR1[7:]}\n>MT\n{toy.MT}\n"
    assert reference.sequence("chr1").fetch(0, 45) == toy.CHR1.encode()


def test_lines_csq_would_stumble_over_are_put_right_or_left_out(tmp_path: Path) -> None:
    lines = [
        "##gff-version 3",
        "1\ttoy\tregion\t1\t45\t.\t.\t.\tID=region:1;Is_circular=true",
        toy.GENE.replace("chr1\t", "1\t").replace("\t11\t31\t", "\t-4\t900\t"),
        "",  # csq would read no further
        toy.TRANSCRIPT.replace("chr1\t", "1\t"),
        "1\ttoy\tTEC\t11\t31\t.\t+\t.\tID=transcript:T2;Parent=gene:G1;biotype=TEC",
        "1\ttoy\texon\t11\t31\t.\t+\t.\tParent=transcript:T1,transcript:T2;Name=shared",
        toy.CDS.replace("chr1\t", "1\t"),
        "##FASTA",
        ">1",
        "ACGT",
    ]
    said: list[str] = []
    reference = install_reference(
        "toy",
        toy.write(tmp_path, "toy.fa", toy.FASTA),
        toy.write(tmp_path, "toy.gff", "\n".join(lines) + "\n"),
        directory=tmp_path / "references",
        on_progress=said.append,
    )
    assert reference.gff_for(["chr1"])[0].read_text().splitlines() == [
        "##gff-version 3",
        "##sequence-region chr1 1 45",
        toy.GENE.replace("\t11\t31\t", "\t1\t45\t"),
        toy.TRANSCRIPT,
        "chr1\ttoy\texon\t11\t31\t.\t+\t.\tName=shared;Parent=T1",
        toy.CDS,
    ]
    assert reference.contigs[0].circular
    assert "Left out of toy.gff: 1 TEC" in said


def test_a_source_is_normalised_typed_and_indexed(tmp_path: Path) -> None:
    records = (
        "1\t36\t.\ta\tAA,G\t.\t.\tAF=0.1,0.00002;CLNDN=a,b c;DP=9\n"  # of GATTACA, as all on chr1
        "chr1\t36\t.\tA\tA\t.\t.\tAF=0.5\n"
        "chr1\t33\t.\tATTA\tA\t.\t.\tAF=0.2;SEEN\n"
        "chr1\t33\t.\tATT\tATT,<DEL>\t.\t.\tAF=0.2,0.3\n"
        "chr2\t1\t.\tA\tC\t.\t.\tAF=0.2\n"
        "MT\t5\t.\tC\tCC\t.\t.\tAF=0.25;CLNDN=x\n"
        "MT\t1\t.\tC\tCC\t.\t.\tAF=0.5;CLNDN=y\n"
    )
    vcf = toy.write(tmp_path, "known.vcf.gz", gzip.compress((toy.HEADER + records).encode()))
    said: list[str] = []
    reference = install_reference(
        "toy",
        toy.write(tmp_path, "toy.fa", toy.FASTA),
        toy.write(tmp_path, "toy.gff", toy.GFF),
        directory=tmp_path / "references",
        sources=[vcf_request("KNOWN", vcf, ("AF", "CLNDN", "SEEN"))],
        on_progress=said.append,
    )
    [source] = reference.sources
    assert (source.name, source.version, source.records) == ("KNOWN", "2025-01-02", 4)
    assert [(f.info, f.number, f.type, f.description, f.role) for f in source.fields] == [
        ("KNOWN_AF", "A", "Float", "Fraction, of people", "frequency"),
        ("KNOWN_CLNDN", ".", "String", "Diseases", "disease"),
        ("KNOWN_SEEN", "0", "Flag", "Seen", ""),
    ]
    with pysam.TabixFile(str(source.file)) as table:
        assert table.header == ["#CHROM\tPOS\tREF\tALT\tKNOWN_AF\tKNOWN_CLNDN\tKNOWN_SEEN"]
        assert list(table.fetch("MT")) == ["MT\t1\tC\tCC\t0.5\tx,y\t."]
        assert list(table.fetch("chr1")) == [
            "chr1\t32\tGATT\tG\t0.2\t.\t1",
            "chr1\t35\tT\tTA\t0.1\ta,b%20c\t.",
            "chr1\t36\tA\tG\t0.00002\ta,b%20c\t.",
        ]
    assert {line for line in said if line.startswith("KNOWN")} == {
        "KNOWN: 1 dropped, on a contig the reference lacks",
        "KNOWN: 2 dropped, REF equal to ALT",
        "KNOWN: 1 dropped, not written as bases",
        "KNOWN: 1 dropped, another spelling of an allele",
    }


def test_the_manifest_tells_what_people_shall_read(tmp_path: Path) -> None:
    extra = toy.write(tmp_path, "notice.txt", "free\n")
    about = About("Toy 1", "A toy", "Covers nothing.", ("Nobody 1999",), extras={"docs/NOTICE": extra})
    reference = install_reference(
        "toy",
        toy.write(tmp_path, "toy.fa", toy.FASTA),
        toy.write(tmp_path, "toy.gff", toy.GFF),
        directory=tmp_path / "references",
        about=about,
    )
    assert (reference.assembly, reference.title, reference.note) == ("Toy 1", "A toy", "Covers nothing.")
    assert reference.citations == ("Nobody 1999",)
    files = json.loads((reference.directory / "manifest.json").read_text())["files"]
    assert sorted(files) == ["docs/NOTICE", "genes/chr1.gff3", "toy.fa", "toy.fa.fai"]


@pytest.mark.parametrize("name", ["HLA-A*01:01", "..", "a/b", "%2e", "x" * 200])
def test_a_contigs_name_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    reference = install_reference(
        "toy",
        toy.write(tmp_path, "toy.fa", toy.FASTA.replace("chr1", name)),
        toy.write(tmp_path, "toy.gff", toy.GFF.replace("chr1\t", f"{name}\t")),
        directory=tmp_path / "references",
    )
    assert [path.name for path in (reference.directory / "genes").iterdir()] == ["_0.gff3"]
    assert reference.genes(name)[0].name == "TOY"
