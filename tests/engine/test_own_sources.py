"""A user's own source beside the reference's: what it is told by, what it adds, and what hostile ones are told."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from annotations.engine.child import run_child
from annotations.engine.errors import InputRefused, ReferenceRefused
from annotations.engine.install import own
from annotations.engine.install.adding import genome_of
from annotations.engine.install.own import look_at
from annotations.engine.reference import load_reference
from annotations.engine.task import OwnSource, Task
from tests.engine import toy
from tests.engine.annotating import RCRS, Annotated, read_back, vcf

RECORDS = vcf("MT 3460 . G A . . .", "MT 11778 . G A . . .", "MT 11779 . C A . . .")
VCF = (
    "##fileformat=VCFv4.2\n"
    '##INFO=<ID=SEEN,Number=A,Type=Integer,Description="Seen in \\"us\\" <b>&amp;</b>">\n'
    '##INFO=<ID=odd name,Number=1,Type=String,Description="x">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchrM\t11778\tlab7\tG\tA,C\t.\t.\tSEEN=4,1\n"
)


def annotated_with(directory: Path, *sources: OwnSource) -> Annotated:
    source = toy.write(directory, "input.vcf", RECORDS)
    task = Task(source, "input.vcf", RCRS, directory / "results", own_sources=sources)
    return read_back(run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=60))


def test_bed_vcf_and_tables_add_their_fields_beside_the_references(tmp_path: Path) -> None:
    bed = toy.write(tmp_path, "1", gzip.compress(b"chrM\t11777\t11778\tLHON <hot> spot\t3.5\n"))
    lab = toy.write(tmp_path, "2", VCF)
    table = toy.write(tmp_path, "3", "#Chrom\tPos\tRef\tAlt\tOur call\nM\t3460\tG\tA\tyes; a=b\nM\t3460\tG\tT\tno\n")
    spots = toy.write(tmp_path, "4", "chrom\tpos\tnote\nMT\t11779\tany allele\n")
    found = annotated_with(
        tmp_path,
        OwnSource(bed, "panel", "panel.bed.gz"),
        OwnSource(lab, "My lab", "lab.vcf"),
        OwnSource(table, "calls", "calls.tsv"),
        OwnSource(spots, "spots", "spots.txt"),
    )
    own_fields = [{k: v for k, v in row.items() if k.startswith("OWN_") and v is not None} for row in found.rows]
    assert own_fields == [
        {"OWN_CALLS_OUR_CALL": "yes; a=b"},
        {"OWN_PANEL_NAME": "LHON <hot> spot", "OWN_PANEL_SCORE": 3.5, "OWN_MY_LAB_ID": "lab7", "OWN_MY_LAB_SEEN": 4},
        {"OWN_SPOTS_NOTE": "any allele"},
    ]
    assert found.one(3460, "A")["OWN_CALLS_OUR_CALL"] == "yes%3B%20a%3Db"
    assert found.one(11778, "A")["MITOMAP_STATUS"].startswith("Cfrm")
    assert list(found.summary["by_source"].items())[3:] == [
        *(("Yours: panel", 1), ("Yours: My lab", 1), ("Yours: calls", 1), ("Yours: spots", 1)),
    ]
    assert any(line.startswith("##GAS_source=<ID=Yours_My_lab,") for line in found.header)
    assert "Yours: panel, version as uploaded, 1 interval, matched by overlap" in found.log


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "panel.bed is empty."),
        ("\n\n", "panel.bed has no line to read. Give a BED, a VCF or a table with a heading."),
        ("#a comment\n", "panel.bed has no line to read. Give a BED, a VCF or a table with a heading."),
        ("#a comment\n", "panel.tsv, line 1: the heading (a comment) has no columns chrom, pos, ref and alt; nor"),
        ("chrom\tpos\tref\talt\n", "panel.tsv has a heading and no lines. Give the lines, too."),
        ("MT\tone\t2\n", "panel.bed, line 1, column start: 'one' is no whole number. Correct it."),
        ("MT\t1\t2\nMT\tone\t2\n", "panel.bed, line 2, column start: 'one' is no whole number. Correct it."),
        ("MT 3 4\n", "panel.bed, line 1: 1 columns where start is column 2. Separate them by tabs."),
        ("MT\t1\t2\nMT 3 4\n", "panel.bed, line 2: 1 columns where start is column 2. Separate them by tabs."),
        ("MT\t1\t99999\n", "panel.bed, line 1: MT:2-99999 reaches outside the contig (1-16569). Give a file of this"),
        ("MT\t1\t2\tx\thigh\n", "panel.bed, line 1: OWN_PANEL_SCORE is 'high', no Float. Correct it."),
        ("chrom\tpos\tref\talt\nMT\tx\tG\tA\n", "panel.tsv, line 2, column pos: 'x' is no whole number. Correct it."),
        ("chrom\tpos\tref\talt\nMT\t1\t1\tA\n", "panel.tsv, line 2: REF is '1' and ALT 'A'. Write both as bases."),
        ("chrom\tpos\tref\talt\nMT\t1\tC\tA\n", "panel.tsv: 1 of 1 records have another REF than the reference."),
        ("\0\1", "panel.bed, line 1: this is not a text file."),
        (b"\xff\xfe", "panel.bed, line 1: this is not UTF-8 text. Save it as UTF-8."),
        (b"\x1f\x8bnot gzip", "panel.bed is a damaged gzip file. Copy it again."),
        ("##fileformat=VCFv4.2\n#CHROM\nMT\t1\n", "panel.bed, line 3: this is no VCF record. Separate its columns by"),
        (
            VCF.replace("SEEN=4,1", "SEEN=4"),
            "panel.bed, line 5: SEEN has 1 values, not 2. Correct it.",
        ),
        (
            "chrom\tpos\tref\talt\n" + "MT\t3460\tG\tA\n" * 5_001,
            "panel.tsv, line 5002: more than 5,000 alleles within the thousand bases from MT:3,000. Leave out repeated",
        ),
    ],
)
def test_a_source_that_cannot_be_used_is_refused_with_the_line_and_the_fix(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    path = toy.write(tmp_path, "stored", content)
    name = "panel.tsv" if sentence.startswith("panel.tsv") else "panel.bed"
    with pytest.raises(ReferenceRefused) as refused:
        look_at(path, name, "panel", genome_of(load_reference(RCRS)))
    assert str(refused.value).startswith(sentence)


def test_a_small_file_that_unpacks_to_a_large_one_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MAX_TEXT_BYTES", 1 << 20)
    monkeypatch.setattr(own, "HEAD_LINES", 1 << 20)
    bomb = toy.write(tmp_path, "stored", gzip.compress(b"MT\t1\t2\n" * 200_000))
    with pytest.raises(
        ReferenceRefused, match=r"^panel\.bed, line 149797: the file holds more than 1 MB\. Split it\.$"
    ):
        look_at(bomb, "panel.bed", "panel", genome_of(load_reference(RCRS)))


def test_lists_of_alleles_that_blow_a_file_up_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MAX_TEXT_BYTES", 1 << 16)
    alts = ",".join(["A", "C", "T"] * 300)
    content = f"chrom\tpos\tref\talt\tnote\nMT\t3460\tG\t{alts}\t{'x' * 3000}\n"
    with pytest.raises(ReferenceRefused, match=r"line 2: one line an allele makes the file more than 4 times as large"):
        look_at(toy.write(tmp_path, "s", content), "panel.tsv", "p", genome_of(load_reference(RCRS)))


def test_what_only_the_job_can_find_fails_the_job_with_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "MT\t1\t2\n" * 40 + "MT\tlate\t2\n"
    monkeypatch.setattr(own, "HEAD_LINES", 10)
    path = toy.write(tmp_path, "stored", lines)
    assert look_at(path, "panel.bed", "panel", genome_of(load_reference(RCRS))).lines == 10
    with pytest.raises(InputRefused) as refused:
        annotated_with(tmp_path, OwnSource(path, "panel", "panel.bed"))
    assert str(refused.value) == (
        "Your source panel cannot be used. panel.bed, line 41, column start: 'late' is no whole number. Correct it."
    )
    assert not (tmp_path / "results").exists()
