"""What an installed reference answers, and what it says when it is broken."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pysam
import pytest

from annotations.engine.errors import ReferenceBroken
from annotations.engine.install.installer import automatic_aliases, install_reference
from annotations.engine.reference import Gene, Reference, find_references, load_reference, verify_reference
from tests.engine import toy


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    files = tmp_path_factory.mktemp("files")
    fasta, gff = toy.write(files, "toy.fa", toy.FASTA), toy.write(files, "toy.gff", toy.GFF)
    return install_reference("toy", fasta, gff, directory=tmp_path_factory.mktemp("references"), codes={"M": 2})


@pytest.fixture
def copy(installed: Reference, tmp_path: Path) -> Path:
    return Path(shutil.copytree(installed.directory, tmp_path / "toy"))


def test_contigs_have_their_lengths_codes_and_genes(installed: Reference) -> None:
    assert [(c.name, c.length, c.genetic_code) for c in installed.contigs] == [("chr1", 45, 1), ("MT", 20, 2)]
    assert installed.genes("chr1") == [Gene("TOY", "chr1", 11, 31, "+", "protein_coding")]
    assert installed.genes("MT") == []
    assert [path.name for path in installed.gff_for(["chr1", "MT"])] == ["chr1.gff3"]
    assert installed.transcripts == 1


def test_a_contig_answers_to_its_aliases(installed: Reference) -> None:
    names = installed.contig_names()
    assert {name: contig.name for name, contig in names.items()} == {
        "chr1": "chr1",
        "1": "chr1",
        "MT": "MT",
        "M": "MT",
        "chrM": "MT",
        "chrMT": "MT",
    }


def test_an_alias_is_never_another_contigs_name() -> None:
    assert automatic_aliases(["1", "chr1", "chrM", "MT", "X"]) == {
        "1": (),
        "chr1": (),
        "chrM": ("M", "chrMT"),
        "MT": (),
        "X": ("chrX",),
    }


def test_bases_by_position_are_those_of_samtools_in_upper_case(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    contigs = {f"c{n}": "".join(rng.choice(list("acgtnACGTNRy"), size=n)) for n in (1, 59, 60, 61, 120, 1000)}
    fasta = toy.write(tmp_path, "odd.fa", "".join(f">{name}\n{bases}\n" for name, bases in contigs.items()))
    gff = toy.write(tmp_path, "odd.gff", toy.GFF.replace("chr1\t", "c120\t"))
    reference = install_reference("odd", fasta, gff, directory=tmp_path / "references")
    with pysam.FastaFile(str(reference.fasta)) as samtools:
        for name, bases in contigs.items():
            sequence = reference.sequence(name)
            assert len(sequence) == len(bases)
            everywhere = np.arange(len(bases), dtype=np.int64)
            assert sequence.at(everywhere[::-1]).tobytes() == samtools.fetch(name).upper()[::-1].encode()
            assert sequence.fetch(0, len(bases)) == bases.upper().encode()
            assert samtools.fetch(name) == bases
            assert (
                sequence.fetch(57, 63)
                == samtools.fetch(name, min(57, len(bases)), min(63, len(bases))).upper().encode()
            )


def test_positions_outside_a_contig_are_refused_and_fetches_cut_off(installed: Reference) -> None:
    sequence = installed.sequence("MT")
    for outside in (-1, 20):
        with pytest.raises(IndexError):
            sequence.at(np.array([0, outside], dtype=np.int64))
    assert sequence.at(np.array([], dtype=np.int64)).size == 0
    assert sequence.fetch(-5, 3) == b"CCC"
    assert sequence.fetch(18, 99) == b"AA"
    assert sequence.fetch(20, 30) == b""
    with pytest.raises(KeyError):
        installed.sequence("chrM")


def test_a_missing_file_breaks_the_reference(copy: Path) -> None:
    (copy / "genes" / "chr1.gff3").unlink()
    with pytest.raises(ReferenceBroken, match=r"The reference toy lacks genes/chr1\.gff3\. Install it again\."):
        load_reference(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.pop("contigs"),
        lambda m: m.update(format=99),
        lambda m: m.update(fasta="../toy.fa"),
        lambda m: m.update(fasta="/etc/passwd"),
        lambda m: m["files"].update({"../../x": {"size": 1, "sha256": ""}}),
        lambda m: m["contigs"][0].update(length=46),
        lambda m: m["contigs"][0].update(genes="manifest.json"),
        lambda m: m.update(contigs=None),
        lambda m: m.update(sources=[{"name": "x"}]),
    ],
)
def test_a_manifest_that_this_version_did_not_write_breaks_the_reference(copy: Path, change: object) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    assert callable(change)
    change(manifest)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ReferenceBroken):
        load_reference(copy)


@pytest.mark.parametrize("text", ["", "[]", "{", "\0", "null"])
def test_a_manifest_that_is_no_json_object_breaks_the_reference(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text)
    with pytest.raises(ReferenceBroken):
        load_reference(copy)


def test_verifying_names_each_file_that_changed(copy: Path) -> None:
    assert verify_reference(load_reference(copy)) == 3
    fasta = copy / "toy.fa"
    fasta.write_bytes(fasta.read_bytes().replace(b"GATTACA", b"GATTACC"))
    (copy / "genes" / "chr1.gff3").write_text("")
    with pytest.raises(ReferenceBroken) as caught:
        verify_reference(load_reference(copy))
    assert str(caught.value) == (
        "The reference toy is damaged: genes/chr1.gff3 has changed, toy.fa has changed. Install it again."
    )


def test_references_are_found_the_first_namesake_wins_and_hidden_ones_are_passed_over(
    installed: Reference, copy: Path, tmp_path: Path
) -> None:
    shutil.copytree(copy, tmp_path / ".installing-x")
    (tmp_path / "not-a-reference").mkdir()
    found = find_references([installed.directory.parent, tmp_path / "absent", tmp_path])
    assert [reference.directory for reference in found] == [installed.directory]


def test_a_broken_reference_is_handed_to_who_asks_and_the_others_are_found(installed: Reference, copy: Path) -> None:
    (copy / "toy.fa").unlink()
    with pytest.raises(ReferenceBroken):
        find_references([copy.parent])
    broken: list[Path] = []
    found = find_references([copy.parent, installed.directory.parent], lambda path, _error: broken.append(path))
    assert [reference.directory for reference in found] == [installed.directory]
    assert broken == [copy]
