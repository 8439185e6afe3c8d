r"""Records of VCF 3.3 in the terms of 4.2, as vcftools' ``vcf-convert`` does it.

There FILTER 0 means passed, QUAL -1 and numbers -1 mean missing, an insertion is ``I<bases>`` (after the base at
POS), a deletion is ``D<count>`` (of the bases after POS), and ``\`` separates alleles of an uncertain phase.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from annotations.engine.reading.columns import Place, show
from annotations.engine.reading.header import Header
from annotations.engine.sequence import ReferenceSequence

_DELETION = re.compile(rb"D(\d{1,6})")
_INSERTION = re.compile(rb"I([ACGTNacgtn]+)")
_MISSING_NUMBER = re.compile(rb"-1(?:\.0+)?")


def convert_record(
    fields: list[bytes], header: Header, sequence_of: Callable[[bytes], ReferenceSequence | None], place: Place
) -> None:
    """Change the columns of one record in place. Raises InputRefused for a deletion nobody can spell out."""
    if fields[6] == b"0":
        fields[6] = b"PASS"
    if _MISSING_NUMBER.fullmatch(fields[5]):
        fields[5] = b"."
    alts = fields[4].split(b",")
    if any(_DELETION.fullmatch(alt) or _INSERTION.fullmatch(alt) for alt in alts):
        _spell_out(fields, alts, sequence_of, place)
    if len(fields) > 9:
        _convert_samples(fields, header)


def _spell_out(
    fields: list[bytes], alts: list[bytes], sequence_of: Callable[[bytes], ReferenceSequence | None], place: Place
) -> None:
    """I and D become bases: REF grows by the longest deletion, and every other allele by what follows it."""
    deleted = [int(found[1]) if (found := _DELETION.fullmatch(alt)) else 0 for alt in alts]
    tail = b""
    if any(deleted):
        sequence = sequence_of(fields[0])
        start = int(fields[1]) - 1 + len(fields[3]) if fields[1].isdigit() and len(fields[1]) < 11 else 0
        tail = sequence.fetch(start, start + max(deleted)) if sequence is not None and start > 0 else b""
        if len(tail) != max(deleted):
            raise place.refuse(
                "ALT",
                f"the deletion {show(fields[4])} lies on a contig or position that the reference lacks",
                "Convert the file to VCF 4 with vcf-convert, which needs its own reference.",
            )
    converted = []
    for alt, count in zip(alts, deleted, strict=True):
        inserted = _INSERTION.fullmatch(alt)
        body = fields[3] + inserted[1] if inserted else fields[3] if count else alt
        converted.append(body + tail[count:])
    fields[3] += tail
    fields[4] = b",".join(converted)


def _convert_samples(fields: list[bytes], header: Header) -> None:
    keys = fields[8].split(b":")
    kinds = header.declared("FORMAT")
    numeric = [
        (meta := kinds.get(key.decode("utf-8", "replace"))) is not None
        and meta.attributes["Type"] in ("Integer", "Float")
        for key in keys
    ]
    for at in range(9, len(fields)):
        values = fields[at].split(b":")
        for place, value in enumerate(values[: len(keys)]):
            if keys[place] == b"GT":
                values[place] = value.replace(b"\\", b"|")
            elif keys[place] == b"FT" and value == b"0":
                values[place] = b"PASS"
            elif numeric[place] and b"-1" in value:
                values[place] = b",".join(b"." if _MISSING_NUMBER.fullmatch(one) else one for one in value.split(b","))
        fields[at] = b":".join(values)
