"""Every kind of broken upload ends in one sentence that names the place, the cause and the repair."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from pathlib import Path

import pysam
import pytest

from annotations.engine.limits import Limits
from tests.engine.refusals import ROW, refusal
from tests.engine.small_vcf import RECORDS, put, tabs, vcf, with_record

SEND = "Send a VCF (plain, gzip or bgzip) or a BCF."
AGAIN = "Check your copy of it, or compress the VCF again with bgzip, and send it again."
GOOD = vcf(*RECORDS)


def workbook() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return packed.getvalue()


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as folder:
        folder.writestr("data.vcf", GOOD)
    return packed.getvalue()


def bgzf(directory: Path, content: bytes) -> bytes:
    path = directory / "packed.gz"
    pysam.tabix_compress(str(put(directory, content, "plain")), str(path), force=True)
    return path.read_bytes()


def many_records(count: int = 20_000) -> bytes:
    dice = random.Random(1)
    lines = (
        f"MT 3460 . G {dice.choice('ACT')} {dice.randint(1, 999)} PASS DP={dice.randint(1, 999)}" for _ in range(count)
    )
    return vcf(*lines, samples=())


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", f"The file is empty. {SEND}"),
        (gzip.compress(b""), f"The file is empty. {SEND}"),
        (b" \n\t\r\n", f"The file holds nothing but blank space. {SEND}"),
        (
            b"<!DOCTYPE html>\n<html><body>Sign in</body></html>",
            "This is not a VCF: it is an HTML page. The link may have led to a web page: download the VCF itself "
            "and send that.",
        ),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", f"This is not a VCF: it is a PDF document. {SEND}"),
        (
            archive(),
            "This is not a VCF: it is a zip archive. Unpack it and send the VCF inside, plain or compressed with gzip.",
        ),
        (
            workbook(),
            "This is not a VCF: it is an Excel workbook (.xlsx). Send the VCF that the table was made from, "
            "not the spreadsheet.",
        ),
        (
            b"CRAM\x03\x00" + b"\0" * 40,
            "This is not a VCF: it is a CRAM alignment. Call variants first and send the VCF.",
        ),
        (
            gzip.compress(b"BAM\x01" + b"\0" * 40),
            "This is not a VCF: it is a BAM alignment. Call variants first and send the VCF.",
        ),
        (b">MT\nGATCACAGGT\n", "This is not a VCF: it is a FASTA sequence. Call variants first and send the VCF."),
        (b"##gff-version 3\nMT\tx\tgene\t1\t2\n", f"This is not a VCF: it is a GFF annotation. {SEND}"),
        (b"chr1\t100\t200\tname\n", f"This is not a VCF: it is a BED file. {SEND}"),
        (
            b"@r1\nACGT\n+\nIIII\n",
            "This is not a VCF: it is a FASTQ file of reads. Call variants first and send the VCF.",
        ),
        (
            b"# rsid\tchromosome\tposition\tgenotype\n",
            "This is not a VCF: it is a raw genotype table (23andMe or alike). Convert it to VCF first.",
        ),
        (
            b"BZh91AY&SY",
            "The file is compressed with bzip2. Decompress it, then send it plain or compressed with gzip or bgzip.",
        ),
        (bytes(range(256)) * 4, f"This is not a VCF: the file holds binary data. {SEND}"),
        (
            b"Dear all,\nsee the attachment\n",
            f"Line 1: This is not a VCF: the first line is not ##fileformat=VCFv4.x. {SEND}",
        ),
        (
            GOOD.decode().encode("utf-16"),
            "The text is encoded as UTF-16. Save it as UTF-8 (plain text) and send it again.",
        ),
        (
            GOOD.decode().encode("utf-16-le"),
            "The text is encoded as UTF-16. Save it as UTF-8 (plain text) and send it again.",
        ),
        (
            GOOD.decode().encode("utf-16-be"),
            "The text is encoded as UTF-16. Save it as UTF-8 (plain text) and send it again.",
        ),
        (
            GOOD.replace(b"\n", b"\r"),
            "The lines end with a lone carriage return, as on old Macs. Save the file with Unix line ends (LF).",
        ),
        (
            gzip.compress(gzip.compress(GOOD)),
            "The file was compressed twice (gzip in gzip). Decompress it once and send it again.",
        ),
        (gzip.compress(GOOD)[:-9], f"The compressed file ends too early: it is truncated. {AGAIN}"),
        (gzip.compress(GOOD)[:60], f"The compressed file ends too early: it is truncated. {AGAIN}"),
        (gzip.compress(GOOD) + b"tail", f"Something that is not gzip follows the end of the compressed data. {AGAIN}"),
        (flip(gzip.compress(GOOD), 100), f"The compressed data is damaged: a checksum does not match. {AGAIN}"),
        (flip(gzip.compress(GOOD), -6), f"The compressed data is damaged: a checksum does not match. {AGAIN}"),
    ],
)
def test_what_is_no_vcf_is_called_by_its_name(tmp_path: Path, content: bytes, sentence: str) -> None:
    assert refusal(tmp_path, content) == sentence


def test_a_cut_bgzf_is_called_truncated_and_one_with_a_tail_is_told(tmp_path: Path) -> None:
    packed = bgzf(tmp_path, many_records())
    missing = f"The BGZF end block is missing: the file is truncated. {AGAIN}"
    assert refusal(tmp_path, packed[:-28]) == missing
    assert refusal(tmp_path, packed[: len(packed) // 2]) == missing
    assert refusal(tmp_path, packed + b"x") == f"Something follows the end block of the BGZF file. {AGAIN}"


def test_a_flipped_bit_is_blamed_on_the_file_even_where_it_garbles_a_record(tmp_path: Path) -> None:
    plain = many_records()
    for packed in (gzip.compress(plain), bgzf(tmp_path, plain)):
        for at in range(3_000, len(packed) - 3_000, len(packed) // 15):
            assert refusal(tmp_path, flip(packed, at)) in {
                f"The compressed data is damaged: a checksum does not match. {AGAIN}",
                f"The compressed file ends too early: it is truncated. {AGAIN}",
                f"Something that is not gzip follows the end of the compressed data. {AGAIN}",
            }


def test_a_bomb_is_refused_by_its_ratio_before_it_fills_anything(tmp_path: Path) -> None:
    line = tabs("MT 3460 . G A . . DP=" + "1" * 3_000) + "\n"
    bomb = gzip.compress(vcf(samples=()) + line.encode() * 20_000)
    assert len(bomb) < 200_000
    assert refusal(tmp_path, bomb) == (
        "The file expands to more than 250 times its size, which real variants do not. "
        "Send the VCF uncompressed, or in parts."
    )


def test_a_file_that_expands_beyond_the_cap_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(many_records())
    assert refusal(tmp_path, packed, Limits(max_expanded_bytes=100_000)) == (
        "The file holds more than 100,000 bytes of text. Send it in parts."
    )


def test_a_line_without_end_is_refused_by_its_number(tmp_path: Path) -> None:
    content = with_record("MT 8993 . T G . . DP=" + "1" * 5_000_000)
    assert refusal(tmp_path, content, Limits(max_line_bytes=1_000_000)) == (
        "Line 11: The line is longer than 1,000,000 bytes. Check how the file was made."
    )


DIGITS = "Positions count from 1 and are written with digits only."
BASES = "Write the bases with the letters ACGTN."


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (
            "MT 8993 . T G 50 PASS",
            "The line has 7 columns, but the header names 10. Every column of the #CHROM line needs "
            "a value, separated by one tab.",
        ),
        (
            "MT 8993 . T G 50 PASS DP=9 GT 0/1 0/1",
            "The line has 11 columns, but the header names 10. Every column of the "
            "#CHROM line needs a value, separated by one tab.",
        ),
        (ROW.replace(" ", "~"), "The columns are separated by spaces. Separate columns with tabs."),
        (
            "MT 8993 . T~G 50 PASS DP=9 GT 0/1",
            "The line has 9 columns, but the header names 10. Some columns seem to be separated by spaces: use tabs.",
        ),
        (
            "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT S1",
            "A header line stands between the records. Files that were "
            "put together with cat have to be joined with bcftools concat.",
        ),
        (ROW.replace("DP=9", "DP=\0"), "INFO: the column holds a NUL byte. The file may be damaged: send it again."),
        (ROW.replace("DP=9", "DP=\x1b"), "INFO: the column holds the control character 0x1B. Remove it."),
        (
            ROW.replace("MT", "M~T"),
            "CHROM: 'M T' is not a contig name. A name has no spaces, commas, quotes or brackets.",
        ),
        (ROW.replace("8993", "abc"), f"POS: 'abc' is not a whole number. {DIGITS}"),
        (ROW.replace("8993", "8,993"), f"POS: '8,993' is not a whole number. {DIGITS}"),
        (ROW.replace("8993", "9e3"), f"POS: '9e3' is not a whole number. {DIGITS}"),
        (ROW.replace("8993", "-5"), f"POS: '-5' is negative. {DIGITS}"),
        (
            ROW.replace("8993", "99999999999999999999"),
            "POS: '99999999999999999999' lies beyond 536,870,912, the last position that an index can hold.",
        ),
        (ROW.replace(" T ", "  "), "REF: the column is empty. Write the reference's bases at POS."),
        (ROW.replace(" T ", " . "), "REF: '.' stands for no base. Write the reference's bases at POS."),
        (ROW.replace(" T ", " Q "), f"REF: 'Q' holds characters that are not IUPAC bases. {BASES}"),
        (ROW.replace(" T ", " T1 "), f"REF: 'T1' holds characters that are not IUPAC bases. {BASES}"),
        (
            ROW.replace(" G ", " Z "),
            "ALT: 'Z' is not an allele. Write bases (ACGTN), *, a symbol like <DEL> or a breakend.",
        ),
        (
            ROW.replace(" G ", " <DEL "),
            "ALT: '<DEL' is not an allele. Write bases (ACGTN), *, a symbol like <DEL> or a breakend.",
        ),
        (
            ROW.replace(" G ", " G,, "),
            "ALT: the list 'G,,' holds an empty allele. Write bases, * or . (alone) for none.",
        ),
        (
            ROW.replace(" G ", " G,. "),
            "ALT: the list 'G,.' holds the allele '.'. Write bases, * or . (alone) for none.",
        ),
        (ROW.replace(" G ", " - "), "ALT: the list '-' holds the allele '-'. Write bases, * or . (alone) for none."),
        (ROW.replace(" 50 ", " high "), "QUAL: 'high' is not a number. Write a number, or . where it is missing."),
        (ROW.replace(" 50 ", "  "), "QUAL: the column is empty. Write . where a value is missing."),
        (ROW.replace("PASS", "q10~q20"), "FILTER: 'q10 q20' holds a space. Separate filters with semicolons."),
        (ROW.replace("DP=9", "D~P=9"), "INFO: the key 'D P' holds a space. Separate fields with semicolons."),
        (
            ROW.replace(" G ", " G,C ").replace("DP=9", "AF=0.5"),
            "INFO: AF has 1 value, but the record's 2 alternate alleles need 2. Correct the list or the Number of the "
            "field in the header.",
        ),
        (ROW.replace("DP=9", "END=x"), "INFO: END='x' is not a position. END is the last base of the variant."),
        (
            ROW.replace(" GT ", " GT::DP "),
            "FORMAT: 'GT::DP' holds an empty key or a space. Separate keys with one colon.",
        ),
        (ROW.replace("0/1", "0/1:9"), "S1: 2 values stand here, but FORMAT names 1. Check the colons."),
        (
            ROW.replace("0/1", "0/7"),
            "S1: GT '0/7' names allele 7, but the record has 1 alternate allele. Correct the "
            "genotype or add the allele to ALT.",
        ),
        (
            ROW.replace(" G ", " . "),
            "S1: GT '0/1' names allele 1, but the record has no alternate allele. Correct the "
            "genotype or add the allele to ALT.",
        ),
        (ROW.replace("0/1", "A/T"), "S1: GT 'A/T' is not a genotype. Write it like 0/1, 0|1, 1 or ./. instead."),
        (ROW.replace("0/1", "0/"), "S1: GT '0/' is not a genotype. Write it like 0/1, 0|1, 1 or ./. instead."),
        (ROW.replace("0/1", "|0|1"), "S1: GT '|0|1' is not a genotype. Write it like 0/1, 0|1, 1 or ./. instead."),
    ],
)
def test_a_broken_record_is_refused_by_line_and_column(tmp_path: Path, record: str, sentence: str) -> None:
    separator = ": " if sentence[:4] in ("The ", "A he") else ", "
    assert refusal(tmp_path, with_record(record)) == f"Line 11{separator}{sentence}"


def test_text_that_is_not_utf8_is_refused_by_line_and_column(tmp_path: Path) -> None:
    content = with_record(ROW.replace("DP=9", "NOTE=@")).replace(b"@", b"\xe9")
    assert refusal(tmp_path, content) == (
        "Line 11, INFO: the column holds the byte 0xE9, which is not UTF-8 text. Save the file as UTF-8."
    )


def test_the_line_is_exact_far_into_a_file_of_many_chunks(tmp_path: Path) -> None:
    lines = many_records(3_000).splitlines(keepends=True)
    for number in (9, 10, 1_000, 2_999):
        broken = [*lines[:number], lines[number].replace(b"PASS\tDP", b"PASS\tE D"), *lines[number + 1 :]]
        assert refusal(tmp_path, b"".join(broken), Limits(chunk_bytes=4_096)).startswith(f"Line {number + 1}, INFO: ")
