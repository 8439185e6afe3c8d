"""Headers that break the rules, and the caps on what a header may hold: refused by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotations.engine.limits import Limits
from tests.engine.refusals import NUMBERED, ROW, refusal
from tests.engine.small_vcf import META, RECORDS, tabs, vcf, with_record

COLUMNS = tabs("#CHROM POS ID REF ALT QUAL FILTER INFO") + "\n"
EIGHT = "Separate the eight names with tabs."
LIKE = 'Write it like ##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">.'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            tabs(RECORDS[0]) + "\n",
            "Line 1: The file has no header: it begins with a record. Put ##fileformat=VCFv4.2 and "
            "the #CHROM line before the records.",
        ),
        (
            COLUMNS,
            "Line 1: The header is missing: the file begins with the column names. Put ##fileformat=VCFv4.2 first.",
        ),
        (
            "##source=x\n" + COLUMNS,
            "Line 1: The first line of the header is not ##fileformat. Put ##fileformat=VCFv4.2 before it.",
        ),
        (
            "##fileformat=VCFv5.0\n" + COLUMNS,
            "Line 1: The first line says fileformat=VCFv5.0, which is not a version that "
            "can be read. VCF 4.0 to 4.5 and 3.3 are: for example ##fileformat=VCFv4.2.",
        ),
        (NUMBERED, "Line 2: The header has no #CHROM line. Add the line that names the columns."),
        (
            NUMBERED + tabs(RECORDS[0]) + "\n",
            "Line 2: The records begin, but no #CHROM line came before them. Add the line "
            "that names the columns: #CHROM POS ID REF ALT QUAL FILTER INFO.",
        ),
        (
            NUMBERED + '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth"\n' + COLUMNS,
            "Line 2: The INFO line of the header is broken: it has to read ##INFO=<…> and ends without its closing "
            f"bracket or begins without <. {LIKE}",
        ),
        (
            NUMBERED + '##INFO=<ID=DP,Number=1,Type=Integer,Description="De"pth">\n' + COLUMNS,
            f"Line 2: The INFO line of the header is broken: its quotes or commas do not match up. {LIKE}",
        ),
        (
            NUMBERED + '##FORMAT=<ID=DP,Number=1,Description="Depth">\n' + COLUMNS,
            f"Line 2: The FORMAT line of the header is broken: it has no Type. {LIKE}",
        ),
        (
            NUMBERED + '##FILTER=<ID=[x,Description="y">\n' + COLUMNS,
            f"Line 2: The FILTER line of the header is broken: its quotes or commas do not match up. {LIKE}",
        ),
        (NUMBERED + "##a=\0\n" + COLUMNS, "Line 2: The header holds a NUL byte. Remove it; the file may be damaged."),
        (
            NUMBERED + "#contig=<ID=MT>\n" + COLUMNS,
            "Line 2: A line of the header begins with a single #. Header lines begin with ##, the last with #CHROM.",
        ),
        (
            NUMBERED + COLUMNS.replace("\t", " "),
            "Line 2: The column names are separated by spaces. Separate columns with tabs.",
        ),
        (
            NUMBERED + COLUMNS.replace("\tINFO", ""),
            f"Line 2: Column 8 of the #CHROM line is missing; it has to be INFO. {EIGHT}",
        ),
        (
            NUMBERED + COLUMNS.replace("QUAL", "QUALITY"),
            f"Line 2: Column 6 of the #CHROM line is 'QUALITY'; it has to be QUAL. {EIGHT}",
        ),
        (
            NUMBERED + COLUMNS.replace("INFO\n", "INFO\tS1\n"),
            "Line 2: Column 9 of the #CHROM line is 'S1'; it has to be FORMAT.",
        ),
        (
            NUMBERED + COLUMNS.replace("INFO\n", "INFO\tFORMAT\tA\tB\tA\n"),
            "Line 2: The sample name A stands twice in the #CHROM line. Give every sample its own name.",
        ),
        (
            NUMBERED + COLUMNS.replace("INFO\n", "INFO\tFORMAT\tA\t\n"),
            "Line 2: Column 11 of the #CHROM line has no sample name. Name every sample.",
        ),
    ],
)
def test_a_broken_header_is_refused_by_line(tmp_path: Path, content: str, sentence: str) -> None:
    assert refusal(tmp_path, content.encode()) == sentence


def test_the_caps_on_header_samples_contigs_and_alleles_hold(tmp_path: Path) -> None:
    contigs = [f"##contig=<ID=c{number}>" for number in range(5)]
    assert refusal(tmp_path, vcf(meta=(*META, *contigs)), Limits(max_contigs=3)) == (
        "Line 12: The header declares more than 3 contigs."
    )
    assert refusal(tmp_path, vcf(samples=("a", "b", "c")), Limits(max_samples=2)) == (
        "Line 9: The file has more than 2 samples. Send it in parts."
    )
    assert refusal(tmp_path, vcf(), Limits(max_header_bytes=100)) == (
        "Line 3: The header is larger than 100 bytes. Check how it was made."
    )
    assert refusal(tmp_path, with_record(ROW.replace(" G ", " G,A,C ")), Limits(max_alleles=2)) == (
        "Line 11, ALT: the record has more than 2 alternate alleles."
    )
