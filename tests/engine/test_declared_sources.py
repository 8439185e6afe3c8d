"""Sources declared in TOML: matched by allele, position or overlap, and refused with the line when they are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pysam
import pytest

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.adding import add_sources
from annotations.engine.install.declarations import read_declarations
from annotations.engine.install.installer import install_reference
from annotations.engine.install.requests import SourceRequest
from annotations.engine.reference import Reference, verify_reference
from tests.engine import toy
from tests.engine.annotating import annotated, vcf

CATALOGUE = Path(__file__).parents[2] / "annotations" / "references" / "catalogue"
HEADER = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=45>\n##contig=<ID=MT,length=20>\n"
DBSNP = (
    "##fileformat=VCFv4.2\n##fileDate=20250102\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    "1\t33\trs1;rs2\tATTA\tA\t.\t.\t.\n1\t36\trs3\tA\tG\t.\t.\t.\n"
)
DECLARED = """
[[source]]
name = "dbSNP"
file = "dbsnp.vcf"
citation = "Sherry 2001"
[[source.field]]
column = "ID"
info = "RS"

[[source]]
name = "Bands"
file = "cytoBand.txt"
format = "TSV"
match = "overlap"
columns = ["chrom", "chromStart", "chromEnd", "name", "gieStain"]
contig = "chrom"
start = "chromStart"
end = "chromEnd"
zero_based = true
[[source.field]]
column = "name"
info = "CYTOBAND"
description = "Cytogenetic band"

[[source]]
name = "Mine"
file = "mine.bed"
[[source.field]]
column = "name"
info = "MINE"
number = "."
[[source.field]]
column = "score"
info = "MINE_SCORE"
type = "Integer"
[[source.field]]
info = "MINE_HIT"
type = "Flag"

[[source]]
name = "Traits"
file = "traits.tsv"
format = "TSV"
match = "position"
contig = "chrom"
position = "pos"
[[source.field]]
column = "trait"
info = "TRAIT"
number = "."
"""
FILES = {
    "dbsnp.vcf": DBSNP,
    "cytoBand.txt": "chr1\t0\t20\tp1\tgneg\nchr1\t20\t45\tq1\tgpos50\nchrM\t0\t20\t\tgneg\n",
    "mine.bed": (
        "track name=x\nchr1\t10\t14\tstart codon\t5\nchr1\t9\t40\tall\t7\n1\t13\t13\tgap\t1\nchrUn\t0\t5\tno\t1\n"
        "chr1\t31\t32\tanchor\t9\n"
    ),
    "traits.tsv": "#chrom\tpos\ttrait\n1\t35\tA=B, C\n1\t35\tlate\n1\t12\tx\n",
}


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        toy.write(tmp_path, name, content)
    return toy.write(tmp_path, "sources.toml", DECLARED)


def requests(path: Path) -> list[SourceRequest]:
    return [one.found(lambda remote: Path(remote.url)) for one in read_declarations(path)]


def installed(directory: Path, sources: list[SourceRequest]) -> Reference:
    return install_reference(
        "toy",
        toy.write(directory, "toy.fa", toy.FASTA),
        toy.write(directory, "toy.gff", toy.GFF),
        directory=directory / "references",
        sources=sources,
    )


def test_each_way_to_match_finds_what_it_says_and_nothing_else(declared: Path, tmp_path: Path) -> None:
    reference = installed(tmp_path, requests(declared))
    text = vcf(
        "chr1 12 . T C . . .",  # the second base of the start codon, and a trait's position
        "chr1 13 . G GA . . .",  # an insertion behind the codon's last base
        "chr1 14 . G GA . . .",
        "chr1 32 . GATT G . . .",  # dbSNP has it at 33, as ATTA>A; base 32 is its anchor and not changed
        "chr1 35 . T A . . .",  # a trait's position, with any allele
        "chr1 36 . A C . . .",  # dbSNP has another allele here
        "chr1 36 . A G . . .",
        "MT 5 . C A . . .",
        header=HEADER,
    )
    found = annotated(text, tmp_path, reference=reference.directory)
    ours = {"RS", "CYTOBAND", "MINE", "MINE_SCORE", "MINE_HIT", "TRAIT"}
    assert [{k: v for k, v in info.items() if k in ours} for info in found.info] == [
        {"CYTOBAND": "p1", "MINE": "all,start%20codon", "MINE_SCORE": "7", "MINE_HIT": "", "TRAIT": "x"},
        {"CYTOBAND": "p1", "MINE": "all,start%20codon,gap", "MINE_SCORE": "7", "MINE_HIT": ""},
        {"CYTOBAND": "p1", "MINE": "all,start%20codon", "MINE_SCORE": "7", "MINE_HIT": ""},
        {"RS": "rs1,rs2", "CYTOBAND": "q1", "MINE": "all", "MINE_SCORE": "7", "MINE_HIT": ""},
        {"CYTOBAND": "q1", "MINE": "all", "MINE_SCORE": "7", "MINE_HIT": "", "TRAIT": "A%3DB%2C%20C,late"},
        {"CYTOBAND": "q1", "MINE": "all", "MINE_SCORE": "7", "MINE_HIT": ""},
        {"RS": "rs3", "CYTOBAND": "q1", "MINE": "all", "MINE_SCORE": "7", "MINE_HIT": ""},
        {},
    ]
    assert found.summary["by_source"] == {"dbSNP": 2, "Bands": 7, "Mine": 7, "Traits": 2}
    assert found.summary["known"] == 2
    assert [row["MINE_SCORE"] for row in found.rows] == [7, 7, 7, 7, 7, 7, 7, None]
    assert found.rows[4]["TRAIT"] == "A=B, C,late"
    assert (
        '##INFO=<ID=CYTOBAND,Number=1,Type=String,Description="Cytogenetic band",Source="Bands",Version="unknown">'
        in found.header
    )
    assert "Bands, version unknown, 3 intervals, matched by overlap" in found.log
    assert "Sherry 2001" in found.log


def test_many_overlapping_intervals_of_every_length_match_as_a_plain_search_does(tmp_path: Path) -> None:
    intervals = [(start, start + length) for start in range(0, 40, 3) for length in (1, 2, 5) if start + length <= 45]
    intervals += [(0, 45), (0, 1), (44, 45), (2, 44)]
    lines = "".join(f"chr1\t{a}\t{b}\ti{n}\n" for n, (a, b) in enumerate(intervals))
    toy.write(tmp_path, "mine.bed", lines)
    toml = '[[source]]\nname = "M"\nfile = "mine.bed"\n[[source.field]]\ncolumn = "name"\ninfo = "M"\nnumber = "."\n'
    reference = installed(tmp_path, requests(toy.write(tmp_path, "m.toml", toml)))
    records = [f"chr1 {p} . {toy.CHR1[p - 1]} {'A' if toy.CHR1[p - 1] != 'A' else 'C'} . . ." for p in range(1, 46)]
    found = annotated(vcf(*records, header=HEADER), tmp_path, reference=reference.directory)
    for position, info in enumerate(found.info, start=1):
        wanted = {f"i{n}" for n, (a, b) in enumerate(intervals) if a < position <= b}
        assert set(info["M"].split(",")) == wanted, position


def test_clinvar_says_confirmed_only_with_two_stars(tmp_path: Path) -> None:
    header = DBSNP.split("#CHROM", maxsplit=1)[0] + (
        '##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Significance">\n'
        '##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description="Review">\n'
        '##INFO=<ID=CLNDN,Number=.,Type=String,Description="Condition">\n'
    )
    several = "criteria_provided,_multiple_submitters,_no_conflicts"
    toy.write(
        tmp_path,
        "clinvar.vcf",
        f"{header}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"1\t12\t7\tT\tC\t.\t.\tCLNSIG=Pathogenic/Likely_pathogenic;CLNREVSTAT={several}\n"
        "1\t13\t8\tG\tA\t.\t.\tCLNSIG=Pathogenic;CLNREVSTAT=criteria_provided,_single_submitter\n"
        f"1\t14\t9\tG\tA\t.\t.\tCLNSIG=Benign;CLNREVSTAT={several}\n"
        "1\t15\t9\tC\tA\t.\t.\tCLNSIG=Pathogenic;CLNREVSTAT=a_new_word\n",
    )
    shipped = (CATALOGUE / "sources" / "GRCh38" / "clinvar.toml").read_text()
    here = re.sub(r"url = .*\nchecksum = .*", 'file = "clinvar.vcf"', shipped)
    reference = installed(tmp_path, requests(toy.write(tmp_path, "clinvar.toml", here)))
    [source] = reference.sources
    assert (source.name, source.version) == ("ClinVar", "2025-01-02")
    records = ("chr1 12 . T C . . .", "chr1 13 . G A . . .", "chr1 14 . G A . . .", "chr1 15 . C A . . .")
    found = annotated(vcf(*records, header=HEADER), tmp_path, reference=reference.directory)
    assert [row["CLINVAR_STARS"] for row in found.rows] == [2, 1, 2, None]
    assert [row["CLINVAR_SIGNIFICANCE"] for row in found.rows[:2]] == ["Pathogenic/Likely_pathogenic", "Pathogenic"]
    assert found.summary["confirmed"] == 1


def test_a_source_is_added_to_an_installed_reference_and_replaced(declared: Path, tmp_path: Path) -> None:
    bands, mine = requests(declared)[1:3]
    reference = installed(tmp_path, [bands])
    toy.write(tmp_path, "mine.bed", "chr1\t1\t2\ta\t1\nchr1\tx\t2\ta\t1\n")
    with pytest.raises(ReferenceRefused, match=r"^mine\.bed, line 2, column start: 'x' is no whole number\."):
        add_sources(reference.directory, [mine])
    toy.write(tmp_path, "mine.bed", "chr1\t0\t2\tfirst\t1\n")
    assert [s.name for s in add_sources(reference.directory, [mine]).sources] == ["Bands", "Mine"]
    toy.write(tmp_path, "mine.bed", "chr1\t0\t2\tsecond\t1\n")
    after = add_sources(reference.directory, [mine])
    assert verify_reference(after) == 7
    with pysam.TabixFile(str(after.sources[1].file)) as table:
        assert list(table.fetch("chr1")) == ["chr1\t1\t2\tsecond\t1\t1"]
    assert sorted(path.name for path in (reference.directory / "sources").iterdir()) == [
        *("Bands.tsv.gz", "Bands.tsv.gz.tbi", "Mine-2.tsv.gz", "Mine-2.tsv.gz.tbi"),
    ]
    assert [path.name for path in reference.directory.parent.iterdir()] == ["toy"]


@pytest.mark.parametrize(
    ("wrong", "right", "sentence"),
    [
        ('colum = "ID"', 'column = "ID"', "line 7: colum is no key of [source.field]. Write column."),
        ('info = "R S"', 'info = "RS"', "line 8: 'R S' cannot be an INFO field. Use letters, digits, _ and a dot."),
        ('match = "near"', 'match = "overlap"', "line 14: 'near' is no match. Write one of allele, position, overlap."),
        ('start = "begin"', 'start = "chromStart"', "line 17: begin is none of the columns. There is: chrom, "),
        ("zero_based = 1", "zero_based = true", "line 19: zero_based is not true or false. Correct it."),
        ('type = "Int"', 'type = "Integer"', "line 35: 'Int' is no type. Write one of Integer, Float, String, Flag."),
        ('file = "mine.bed', 'file = "mine.bed"', "line 27: this is no TOML (Illegal character '\\n')."),
        ('name = "x"', 'position = "pos"', "this is no TOML (Cannot overwrite a value)"),
        ("", 'position = "pos"\n', "line 41: matching by position needs the column that holds the position."),
        ('url = "x"', 'file = "traits.tsv"', "line 42: 'x' is no address. Write https://…."),
    ],
)
def test_a_wrong_declaration_is_refused_with_the_line_and_the_fix(
    declared: Path, wrong: str, right: str, sentence: str
) -> None:
    assert right in DECLARED
    declared.write_text(DECLARED.replace(right, wrong, 1))
    with pytest.raises(ReferenceRefused) as refused:
        read_declarations(declared)
    assert str(refused.value).startswith("sources.toml")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("mine.bed", "chr1\t1\t2\n", "mine.bed, line 1: 3 columns where name is column 4. Separate them by tabs."),
        ("mine.bed", "chr1 1 2 a 5\n", "mine.bed, line 1: 1 columns where name is column 4."),
        ("mine.bed", "chr1\t1\t2\ta\tx\n", "mine.bed, line 1: MINE_SCORE is 'x', no Integer. Correct it."),
        ("mine.bed", "\nchr1\t9\t5\ta\t5\n", "mine.bed, line 2: the start 10 lies behind the end 5. Swap them."),
        ("mine.bed", "chr1\t9\t46\ta\t5\n", "line 1: chr1:10-46 reaches outside the contig (1-45). Give a file of"),
        ("mine.bed", "chr9\t9\t46\ta\t5\n", "mine.bed has no line on this reference. Give a BED of this assembly."),
        ("mine.bed", "chr1\t9\t20\t\0\t5\n", "mine.bed, line 1: this is not a text file."),
        ("mine.bed", b"chr1\t9\t20\t\xff\t5\n", "mine.bed, line 1: this is not UTF-8 text. Save it as UTF-8."),
        ("mine.bed", "chr1\t9\t20\ta\t5\n" + "chr1\t9\t20\ta\t6\n" * 1000, "1,001 intervals lie over chr1:10; 1,000"),
        ("traits.tsv", "chrom\tpos\n1\t5\n", "traits.tsv, line 1: there is no column trait. It has: chrom, pos."),
        ("dbsnp.vcf", DBSNP.replace("\t36\t", "\tx\t"), "dbsnp.vcf, line 5: this is no VCF record."),
    ],
)
def test_a_wrong_source_is_refused_with_the_line_and_the_fix(
    declared: Path, tmp_path: Path, name: str, content: str | bytes, sentence: str
) -> None:
    toy.write(tmp_path, name, content)
    with pytest.raises(ReferenceRefused) as refused:
        installed(tmp_path, requests(declared))
    assert sentence in str(refused.value)
    assert not (tmp_path / "references").exists()
