"""Which kind of file is this? By its first bytes, so that a refusal can name what was sent instead of a VCF."""

from __future__ import annotations

import re
import struct

from annotations.engine.errors import InputRefused

#: How many bytes from the start are looked at.
HEAD_BYTES = 64 * 1024

_VCF_FIX = "Send a VCF (plain, gzip or bgzip) or a BCF."
_EXCEL_FIX = "Send the VCF that the table was made from, not the spreadsheet."
_VARIANT_FIX = "Call variants first and send the VCF."

#: First bytes -> what it is and what to do. The longest useful prefixes come from each format's specification.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", _VCF_FIX),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word document", _EXCEL_FIX),
    (b"CRAM", "a CRAM alignment", _VARIANT_FIX),
    (b"BAM\x01", "a BAM alignment", _VARIANT_FIX),
    (b"BAI\x01", "a BAM index (.bai)", _VCF_FIX),
    (b"TBI\x01", "a tabix index (.tbi)", "Send the .vcf.gz that it belongs to."),
    (b"CSI\x01", "an index (.csi)", "Send the .vcf.gz or .bcf that it belongs to."),
    (b"BCF\x04", "a BCF of the old version 1", "Convert it with an old bcftools (0.1.19) and send the VCF."),
    (b"BZh", "compressed with bzip2", "Decompress it, then send it plain or compressed with gzip or bgzip."),
    (b"\xfd7zXZ\x00", "compressed with xz", "Decompress it, then send it plain or compressed with gzip or bgzip."),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "Decompress it, then send it plain or compressed with gzip."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it and send the VCF inside."),
    (b"Rar!\x1a\x07", "a RAR archive", "Unpack it and send the VCF inside."),
    (b"\x6c\x1b\x01", "a PLINK .bed file", "Export it with plink --recode vcf and send the VCF."),
    (b"PAR1", "a Parquet table", _VCF_FIX),
    (b"SQLite format 3\x00", "a SQLite database", _VCF_FIX),
    (b"\x89PNG", "a PNG picture", _VCF_FIX),
    (b"\xff\xd8\xff", "a JPEG picture", _VCF_FIX),
    (b"{\\rtf", "a rich-text document", "Save it as plain text."),
    (b">", "a FASTA sequence", _VARIANT_FIX),
    (b"@HD\t", "a SAM alignment", _VARIANT_FIX),
    (b"@SQ\t", "a SAM alignment", _VARIANT_FIX),
    (b"##gff-version", "a GFF annotation", _VCF_FIX),
    (b"##gtf", "a GTF annotation", _VCF_FIX),
    (b"track ", "a BED or wiggle track", _VCF_FIX),
    (b"browser ", "a BED or wiggle track", _VCF_FIX),
    (b"{", "a JSON file", _VCF_FIX),
    (b"[", "a JSON file", _VCF_FIX),
)

_TEXTS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (
        re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.I),
        "an HTML page",
        "The link may have led to a web page: download the VCF itself and send that.",
    ),
    (re.compile(rb"<\?xml|<[A-Za-z]+[ >/]"), "an XML file", _VCF_FIX),
    (re.compile(rb"@\S+[^\n]*\r?\n[ACGTNacgtn]+\r?\n\+"), "a FASTQ file of reads", _VARIANT_FIX),
    (re.compile(rb"#[^\n]*\brsid\b", re.I), "a raw genotype table (23andMe or alike)", "Convert it to VCF first."),
    (re.compile(rb"Hugo_Symbol\t", re.I), "a MAF table", "Convert it to VCF first."),
    (re.compile(rb"#?(CHROM|CHR)\w*\s*[,;]\s*POS", re.I), "a comma-separated table", _VCF_FIX),
    (re.compile(rb"[^\t\n#]+\t[^\t\n]+\t(gene|transcript|mRNA|exon|CDS|region)\t\d+\t\d+\t"), "a GFF or GTF", _VCF_FIX),
    (re.compile(rb"(?:chr)?\w+\t\d+\t\d+(\t[^\n\t]*){0,9}(\r?\n|$)"), "a BED file", _VCF_FIX),
)

_RECORD = re.compile(rb"[^\t\n#]+\t\d+\t[^\t\n]+\t[A-Za-z]+\t[^\t\n]+\t[^\t\n]+\t[^\t\n]+\t")


def check_is_vcf_text(head: bytes) -> None:
    """Let text that begins as a VCF pass; refuse everything else by its name. ``head`` is decompressed."""
    if not head.strip(b" \t\r\n"):
        raise InputRefused("The file is empty" if not head else "The file holds nothing but blank space", _VCF_FIX)
    if head.startswith(b"##fileformat="):
        _check_line_ends(head)
        return
    _refuse_wide_text(head)
    for magic, what, fix in _MAGIC:
        if head.startswith(magic):
            raise _not_a_vcf(what, fix)
    if head.startswith(b"PK\x03\x04"):
        raise _zip(head)
    if head[257:262] == b"ustar":
        raise _not_a_vcf("a tar archive", "Unpack it and send one VCF at a time.")
    text = head.lstrip()
    for pattern, what, fix in _TEXTS:
        if pattern.match(text):
            raise _not_a_vcf(what, fix)
    _refuse_headless(text)
    if b"\0" in head or _share_of_binary(head) > 0.1:
        raise InputRefused("This is not a VCF: the file holds binary data", _VCF_FIX)
    raise InputRefused("This is not a VCF: the first line is not ##fileformat=VCFv4.x", _VCF_FIX, line=1)


def looks_like_bcf(head: bytes) -> bool:
    """Whether the decompressed bytes begin a BCF of version 2."""
    return head.startswith(b"BCF\x02")


def _not_a_vcf(what: str, fix: str) -> InputRefused:
    verb = "The file is" if what.startswith("compressed") else "This is not a VCF: it is"
    return InputRefused(f"{verb} {what}", fix)


def _refuse_wide_text(head: bytes) -> None:
    """UTF-16 and UTF-32, with a byte order mark or told by every other byte of ASCII text being NUL."""
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    sample = head[:512]
    even, odd = sample[0::2], sample[1::2]
    striped = len(sample) >= 16 and (even.count(0) > 0.9 * len(even) or odd.count(0) > 0.9 * len(odd))
    ascii_rest = bytes(byte for byte in sample if byte).isascii()
    if marked or (striped and ascii_rest and len(sample.replace(b"\0", b"")) * 4 > len(sample)):
        raise InputRefused("The text is encoded as UTF-16", "Save it as UTF-8 (plain text) and send it again.")


def _zip(head: bytes) -> InputRefused:
    names = head[: 8 * 1024]
    first = names[30 : 30 + struct.unpack_from("<H", names, 26)[0]] if len(names) >= 30 else b""
    office = first in (b"[Content_Types].xml", b"_rels/.rels", b"mimetype") or b"[Content_Types].xml" in names
    if office and b"word/" in head:
        return _not_a_vcf("a Word document (.docx)", "Save the text as a plain VCF file.")
    if office or b"xl/" in names:
        return _not_a_vcf("an Excel workbook (.xlsx)", _EXCEL_FIX)
    return _not_a_vcf("a zip archive", "Unpack it and send the VCF inside, plain or compressed with gzip.")


def _check_line_ends(head: bytes) -> None:
    if b"\r" in head[:-1] and b"\n" not in head:
        raise InputRefused(
            "The lines end with a lone carriage return, as on old Macs", "Save the file with Unix line ends (LF)."
        )


def _refuse_headless(text: bytes) -> None:
    if text.startswith(b"##fileformat="):
        raise InputRefused(
            "Blank lines stand before the header", "Remove them: ##fileformat=VCFv4.x has to be the first line.", line=1
        )
    if text.startswith(b"##"):
        raise InputRefused(
            "The first line of the header is not ##fileformat", "Put ##fileformat=VCFv4.2 before it.", line=1
        )
    if text.startswith(b"#CHROM"):
        raise InputRefused(
            "The header is missing: the file begins with the column names", "Put ##fileformat=VCFv4.2 first.", line=1
        )
    if _RECORD.match(text):
        raise InputRefused(
            "The file has no header: it begins with a record",
            "Put ##fileformat=VCFv4.2 and the #CHROM line before the records.",
            line=1,
        )


def _share_of_binary(head: bytes) -> float:
    odd = sum(byte < 9 or 13 < byte < 32 or byte > 126 for byte in head[:4096])
    return odd / min(len(head), 4096)
