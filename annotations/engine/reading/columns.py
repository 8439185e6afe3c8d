"""The columns of one record, each checked by itself. Every function raises InputRefused or returns what it read.

Rules: the VCF specification 4.5 (hts-specs), and where bcftools 1.24 is stricter or silently loses data, that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from annotations.engine.errors import InputRefused
from annotations.engine.limits import MAX_POSITION

CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f]")
CONTIG_NAME = re.compile(rb"(?!#)[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]{0,254}|<[!-;=?-~]{1,253}>")
BASES = re.compile(rb"[ACGTN]+")
#: Alternate alleles that may stand before the annotators as they are: bases, *, . and gVCF's "any other allele".
PLAIN_ALT = re.compile(rb"\.|(?:[ACGTN]+|\*|<NON_REF>|<\*>)(?:,(?:[ACGTN]+|\*|<NON_REF>|<\*>))*")
END_VALUE = re.compile(rb"\d{1,9}|\.")

_REF = re.compile(rb"[ACGTNRYSWKMBDHVacgtnryswkmbdhv]+")
_ALLELE = re.compile(
    rb"[ACGTNRYSWKMBDHV]+|\*|<[^<>\s,;]+>"
    rb"|[ACGTN.]*[\[\]][^\[\],;\s]+:\d+[\[\]][ACGTN.]*|\.[ACGTN]+|[ACGTN]+\.",
    re.IGNORECASE,
)
_QUAL = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?|[+-]?(inf|infinity|nan)", re.IGNORECASE)
_END = re.compile(rb"(?:^|;)END=([^;]*)")
_GENOTYPE = re.compile(rb"(?:\.|\d+)(?:[/|](?:\.|\d+))*")
_ALLELE_NUMBER = re.compile(rb"\d+")


@dataclass(frozen=True)
class Place:
    """Where a refusal points: the line, counted from 1."""

    line: int

    def refuse(self, column: str, cause: str, fix: str = "") -> InputRefused:
        """The exception for a column of this line."""
        return InputRefused(cause, fix, self.line, column)


def show(value: bytes, length: int = 40) -> str:
    """A value as it can stand in a sentence: quoted, cut, printable."""
    text = value.decode("utf-8", "replace")
    return repr(text if len(text) <= length else text[: length - 1] + "…")


def check_contig(value: bytes, place: Place) -> None:
    """CHROM has to be a name that a header can declare."""
    if not CONTIG_NAME.fullmatch(value):
        raise place.refuse(
            "CHROM", f"{show(value)} is not a contig name", "A name has no spaces, commas, quotes or brackets."
        )


def read_position(value: bytes, place: Place) -> int:
    """POS as a number from 0 (before the first base) to 2^29."""
    if not value.isdigit():
        negative = value[:1] == b"-" and value[1:].isdigit()
        why = "is negative" if negative else "is not a whole number"
        raise place.refuse("POS", f"{show(value)} {why}", "Positions count from 1 and are written with digits only.")
    if len(value) > 10 or int(value) > MAX_POSITION:
        raise place.refuse(
            "POS", f"{show(value)} lies beyond {MAX_POSITION:,}, the last position that an index can hold"
        )
    return int(value)


def check_ref(value: bytes, position: int, place: Place) -> None:
    """REF has to be bases, in IUPAC's letters, and end where an index can follow."""
    if not _REF.fullmatch(value):
        if value in (b".", b"-"):
            raise place.refuse("REF", f"{show(value)} stands for no base", "Write the reference's bases at POS.")
        raise place.refuse(
            "REF", f"{show(value)} holds characters that are not IUPAC bases", "Write the bases with the letters ACGTN."
        )
    if position + len(value) > MAX_POSITION:
        raise place.refuse("REF", f"the allele ends beyond {MAX_POSITION:,}, the last position that an index can hold")


def read_alts(value: bytes, place: Place, limit: int) -> list[bytes]:
    """The alternate alleles; none for "."."""
    if value == b".":
        return []
    alts = value.split(b",")
    if len(alts) > limit:
        raise place.refuse("ALT", f"the record has more than {limit:,} alternate alleles")
    for alt in alts:
        if _ALLELE.fullmatch(alt):
            continue
        if alt in (b"", b".", b"-"):
            what = "an empty allele" if not alt else f"the allele {show(alt)}"
            raise place.refuse("ALT", f"the list {show(value)} holds {what}", "Write bases, * or . (alone) for none.")
        raise place.refuse(
            "ALT", f"{show(alt)} is not an allele", "Write bases (ACGTN), *, a symbol like <DEL> or a breakend."
        )
    return alts


def check_quality(value: bytes, place: Place) -> None:
    """QUAL has to be a number or "."."""
    if value != b"." and (len(value) > 64 or not _QUAL.fullmatch(value)):
        raise place.refuse("QUAL", f"{show(value)} is not a number", "Write a number, or . where it is missing.")


def check_filter(value: bytes, place: Place) -> None:
    """FILTER is a list of names without spaces."""
    if b" " in value:
        raise place.refuse("FILTER", f"{show(value)} holds a space", "Separate filters with semicolons.")


def check_info(value: bytes, place: Place) -> int:
    """INFO's keys have no spaces; returns END, 0 where there is none."""
    if b" " in value:
        for item in value.split(b";"):
            key = item.partition(b"=")[0]
            if b" " in key:
                raise place.refuse("INFO", f"the key {show(key)} holds a space", "Separate fields with semicolons.")
    if b"END=" not in value:
        return 0
    last = 0
    for end in _END.findall(value):
        if not END_VALUE.fullmatch(end) or (end != b"." and int(end) > MAX_POSITION):
            raise place.refuse("INFO", f"END={show(end)} is not a position", "END is the last base of the variant.")
        last = max(last, 0 if end == b"." else int(end))
    return last


def has_nameless(info: bytes) -> bool:
    """Whether INFO has a value without a name, such as ``=1``."""
    return b"=" in info and (info.startswith(b"=") or b";=" in info)


def read_format(value: bytes, place: Place) -> list[bytes]:
    """FORMAT's keys."""
    keys = value.split(b":")
    if not all(keys) or b" " in value:
        raise place.refuse("FORMAT", f"{show(value)} holds an empty key or a space", "Separate keys with one colon.")
    if len(keys) > 255:
        raise place.refuse("FORMAT", f"it names {len(keys)} keys, more than the 255 that bcftools can read")
    return keys


def check_genotype(value: bytes, alleles: int, place: Place, sample: str, *, prefix: bool) -> None:
    """GT has to name alleles of the record; ``alleles`` counts the alternate ones, ``prefix`` allows VCF 4.4's."""
    bare = value[1:] if prefix and value[:1] in (b"/", b"|") else value
    if not _GENOTYPE.fullmatch(bare):
        raise place.refuse(sample, f"GT {show(value)} is not a genotype", "Write it like 0/1, 0|1, 1 or ./. instead.")
    for number in _ALLELE_NUMBER.findall(bare):
        if len(number) > 6 or int(number) > alleles:
            has = "no alternate allele" if not alleles else f"{alleles} alternate allele{'s' if alleles > 1 else ''}"
            raise place.refuse(
                sample,
                f"GT {show(value)} names allele {number[:12].decode()}, but the record has {has}",
                "Correct the genotype or add the allele to ALT.",
            )
