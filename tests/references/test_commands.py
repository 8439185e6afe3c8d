"""`manage.py references` and `manage.py install_reference`."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from annotations.references.make_rcrs import HERE
from tests.engine import toy


@pytest.fixture
def installs(settings: Settings, tmp_path: Path) -> Path:
    directory = tmp_path / "references"
    settings.REFERENCE_DIRS = [HERE.parent, directory]
    return directory


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def files(directory: Path) -> list[str]:
    fasta, gff = toy.write(directory, "toy.fa", toy.FASTA), toy.write(directory, "toy.gff", toy.GFF)
    return ["--fasta", str(fasta), "--gff", str(gff)]


def test_the_bundled_reference_is_listed_with_its_sources(installs: Path) -> None:
    lines = [line.strip() for line in run("references").splitlines()]
    assert lines[0] == "rCRS"
    assert "note         Covers mitochondrial DNA only." in lines
    assert "contigs      1: MT (16,569 bp)" in lines
    assert "transcripts  37" in lines
    assert any(line.startswith("source       MITOMAP diseases, 2025-02-13: 1,036 alleles, 0.") for line in lines)
    assert any(line.startswith("source       MITOMAP confirmed, 2025-02-13: 117 alleles, 0.") for line in lines)
    assert any(
        line.startswith("source       MITOMAP GenBank frequencies, 2025-02-13: 19,676 alleles, 0.") for line in lines
    )
    assert f"directory    {HERE} (bundled)" in lines


def test_json_has_the_same_facts(installs: Path) -> None:
    [rcrs] = json.loads(run("references", "--json"))
    assert (rcrs["name"], rcrs["transcripts"], rcrs["bundled"]) == ("rCRS", 37, True)
    assert rcrs["contigs"] == [
        {
            "name": "MT",
            "length": 16569,
            "aliases": ["M", "chrM", "chrMT", "NC_012920.1"],
            "genetic_code": 2,
            "circular": True,
        }
    ]
    assert [source["records"] for source in rcrs["sources"]] == [1036, 117, 19676]


def test_verifying_says_how_many_files_are_sound(installs: Path) -> None:
    assert "verified     16 files bear their checksums" in run("references", "--verify")


def test_a_damaged_reference_is_named_and_the_others_are_listed(
    installs: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(HERE, installs / "rCRS")
    (installs / "rCRS" / "NOTICE").write_text("changed")
    settings.REFERENCE_DIRS = [installs]
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"^The reference rCRS is damaged: NOTICE has changed\. Install it again\.$"):
        call_command("references", "--verify", stdout=out)
    (installs / "rCRS" / "NOTICE").unlink()
    with pytest.raises(CommandError, match=r"^The reference rCRS lacks NOTICE\. Install it again\.$"):
        call_command("references", stdout=out)


def test_an_install_with_codes_and_sources_is_listed_afterwards(installs: Path, tmp_path: Path) -> None:
    known = toy.write(tmp_path, "known.vcf", toy.HEADER + "1\t36\t.\tA\tG\t.\t.\tAF=0.1;CLNDN=x\n")
    said = run(
        "install_reference",
        *("--name", "toy", *files(tmp_path), "--code", "M=2", "--source", f"KNOWN={known}:AF,CLNDN"),
        *("--assembly", "Toy 1", "--note", "Covers nothing."),
    )
    assert said.splitlines()[-1] == f"Installed toy: 2 contigs, 1 transcript, 1 source, in {installs / 'toy'}"
    [_, toys] = json.loads(run("references", "--json"))
    assert (toys["name"], toys["assembly"], toys["note"]) == ("toy", "Toy 1", "Covers nothing.")
    assert [contig["genetic_code"] for contig in toys["contigs"]] == [1, 2]
    assert toys["sources"][0]["fields"] == ["KNOWN_AF", "KNOWN_CLNDN"]


def test_another_directory_can_be_given(installs: Path, tmp_path: Path) -> None:
    run("install_reference", "--name", "toy", *files(tmp_path), "--dir", str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "toy" / "manifest.json").is_file()
    assert not installs.exists()


def test_a_refusal_is_one_sentence_and_leaves_nothing(installs: Path, tmp_path: Path) -> None:
    arguments = files(tmp_path)
    toy.write(tmp_path, "toy.gff", toy.GFF.replace("chr1\t", "chr9\t"))
    with pytest.raises(CommandError, match=r"^toy\.gff, line 2: the contig chr9 is not in the FASTA\. Give .*\.$"):
        run("install_reference", "--name", "toy", *arguments)
    assert not installs.exists()


def test_a_name_that_is_bundled_is_taken(installs: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is a reference rCRS already"):
        run("install_reference", "--name", "rCRS", *files(tmp_path))


@pytest.mark.parametrize(
    "flags",
    [
        ["--code", "MT"],
        ["--code", "MT=two"],
        ["--code", "=2"],
        ["--source", "known.vcf:AF"],
        ["--source", "KNOWN=known.vcf"],
        ["--source", "KNOWN=known.vcf:AF,,AC"],
    ],
)
def test_flags_that_cannot_be_read_are_refused(installs: Path, tmp_path: Path, flags: list[str]) -> None:
    with pytest.raises(CommandError, match=r"is not (CONTIG=N|NAME=FILE:FIELD)"):
        run("install_reference", "--name", "toy", *files(tmp_path), *flags)
