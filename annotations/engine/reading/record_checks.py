"""One line -> a record that bcftools can take: the definition of what the reader accepts and how it changes it.

chunk_checks does the same for many ordinary lines at once and hands every other line to here.

A record that the annotators would choke on is masked: each alternate allele in question becomes ``<GAS0>``,
``<GAS1>``, … (its place in the list), INFO gets GAS_ALT with all original alleles in order, and GAS_NOT_ANNOTATED
with the reason. When the whole record cannot be annotated, every allele is masked; when only some alleles cannot
(``A,<DEL>``), those alone are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading import columns
from annotations.engine.reading.columns import Place
from annotations.engine.reading.contig_names import ContigNames
from annotations.engine.reading.header import Header
from annotations.engine.reading.header_text import OWN_PREFIX, own_info_ids
from annotations.engine.reading.info_lists import InfoLists, values_wanted, wrong_length
from annotations.engine.reading.old_version import convert_record
from annotations.engine.reading.read_counts import Mismatch, ReadCounts
from annotations.engine.reference import Reference
from annotations.engine.sequence import ReferenceSequence

#: IUPAC's codes and the bases each stands for (Cornish-Bowden 1985, Nucleic Acids Res. 13:3021).
_IUPAC = {
    ord(code): frozenset(bases)
    for code, bases in (
        *((base, base.encode()) for base in "ACGT"),
        *(("R", b"AG"), ("Y", b"CT"), ("S", b"CG"), ("W", b"AT"), ("K", b"GT"), ("M", b"AC")),
        *(("B", b"CGT"), ("D", b"AGT"), ("H", b"ACT"), ("V", b"ACG"), ("N", b"ACGT")),
    )
}
_UNMASKED = (b"*", b"<NON_REF>", b"<*>")


@dataclass(frozen=True)
class ContigPlace:
    """What is known of a contig name: the reference's name and sequence, or None for both where it lacks it."""

    name: str
    length: int
    sequence: ReferenceSequence | None

    @property
    def known(self) -> bool:
        """Whether the reference has the contig."""
        return self.sequence is not None


@dataclass(frozen=True, slots=True)
class Record:
    """A checked line: ``text`` ends with LF and bears the reference's contig name."""

    contig: ContigPlace
    original_contig: bytes
    position: int
    alleles: int
    text: bytes


class RecordChecker:
    """Checks the records of one file, and counts what it finds."""

    def __init__(self, header: Header, reference: Reference, renames: Mapping[str, str], limits: Limits) -> None:
        self.counts = ReadCounts()
        self.header = header
        self.limits = limits
        self.phase_prefix = header.version in ("VCFv4.4", "VCFv4.5")
        self._renames = {old.encode(): new.encode() for old, new in renames.items()}
        self.renamed_ids = frozenset(self._renames)
        self.own_ids = frozenset(name.encode() for name in own_info_ids(reference))
        keys = b"|".join(re.escape(name) for name in sorted(self.own_ids | set(self._renames)))
        self._clash = re.compile(rb"(?<![^;])(?:%s[^=;]*|%s)(?![^=;])" % (OWN_PREFIX.encode(), keys))
        self.lists = InfoLists(header, renames)
        #: FORMAT lists of texts with a value an allele -> Number: norm splits them, and drops what does not fit.
        self.format_texts = {
            name.encode(): meta.attributes["Number"]
            for name, meta in header.declared("FORMAT").items()
            if meta.attributes["Number"] in ("A", "R") and meta.attributes["Type"] in ("String", "Character")
        }
        self._reference = reference
        self._names = ContigNames(reference)
        self._contigs: dict[bytes, ContigPlace] = {}

    def contig(self, name: bytes, place: Place) -> ContigPlace:
        """The contig of this name in the file; raises InputRefused when it is no name."""
        found = self._contigs.get(name)
        if found is None:
            columns.check_contig(name, place)
            text = name.decode("ascii")
            known = self._names.find(text)
            if known is None:
                found = ContigPlace(text, 0, None)
            else:
                found = ContigPlace(known.name, known.length, self._reference.sequence(known.name))
            self._contigs[name] = found
        return found

    def check(self, line: bytes, number: int) -> Record:
        """Check one line (without its end) and return it as bcftools shall see it."""
        place = Place(number)
        fields = self._split(line, place)
        if self.header.is_old:
            convert_record(fields, self.header, lambda name: self.contig(name, place).sequence, place)
        contig = self.contig(fields[0], place)
        position = columns.read_position(fields[1], place)
        columns.check_ref(fields[3], position, place)
        alts = columns.read_alts(fields[4], place, self.limits.max_alleles)
        columns.check_quality(fields[5], place)
        columns.check_filter(fields[6], place)
        end = columns.check_info(fields[7], place)
        self.counts.nameless_info += columns.has_nameless(fields[7])
        self._check_samples(fields, len(alts), place)
        original = fields[0]
        self._rename_info(fields)
        if len(alts) > 1:
            fields[7] = self.lists.settle(fields[7], len(alts), place, self.counts.held_lists)
        if contig.known:
            fields[0] = contig.name.encode("ascii")
            self._upper_case(fields, alts)
            reason = self._reference_reason(contig, position, fields[3], place) or _reason_of_gap(fields[3], alts)
            if not reason and any(map(columns.BASES.fullmatch, alts)):
                reason = _reason_of_end(end, contig, position - 1 + len(fields[3]))
            self._mask(fields, alts, reason)
        return Record(contig, original, position, max(len(alts), 1), b"\t".join(fields) + b"\n")

    def _split(self, line: bytes, place: Place) -> list[bytes]:
        names = self.header.columns
        self._check_text(line, place)
        if line.startswith(b"#"):
            raise InputRefused(
                "A header line stands between the records",
                "Files that were put together with cat have to be joined with bcftools concat.",
                place.line,
            )
        fields = line.split(b"\t")
        if len(fields) != len(names):
            raise self._wrong_column_count(fields, line, place)
        for name, value in zip(names, fields, strict=True):
            if not value:
                fix = "Write the reference's bases at POS." if name == "REF" else "Write . where a value is missing."
                raise place.refuse(name.removeprefix("#"), "the column is empty", fix)
        return fields

    def _check_text(self, line: bytes, place: Place) -> None:
        found = columns.CONTROL.search(line)
        at = found.start() if found else -1
        why, fix = "holds a NUL byte", "The file may be damaged: send it again."
        if found and found[0] != b"\0":
            why, fix = f"holds the control character 0x{found[0][0]:02X}", "Remove it."
        if at < 0 and not line.isascii():
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                at = error.start
                why, fix = f"holds the byte 0x{line[at]:02X}, which is not UTF-8 text", "Save the file as UTF-8."
        if at >= 0:
            names = self.header.columns
            column = names[min(line.count(b"\t", 0, at), len(names) - 1)]
            raise place.refuse(column.removeprefix("#"), f"the column {why}", fix)

    def _wrong_column_count(self, fields: list[bytes], line: bytes, place: Place) -> InputRefused:
        wanted, got = len(self.header.columns), len(fields)
        if got == 1 and b" " in line.strip():
            return InputRefused("The columns are separated by spaces", "Separate columns with tabs.", place.line)
        cause = f"The line has {got} column{'s' if got > 1 else ''}, but the header names {wanted}"
        fix = "Every column of the #CHROM line needs a value, separated by one tab."
        if got < wanted and any(b" " in field.strip() for field in fields):
            fix = "Some columns seem to be separated by spaces: use tabs."
        return InputRefused(cause, fix, place.line)

    def _check_samples(self, fields: list[bytes], alleles: int, place: Place) -> None:
        if len(fields) < 9:
            return
        keys = columns.read_format(fields[8], place)
        self.counts.doubled_format += len(set(keys)) < len(keys)
        genotype = keys.index(b"GT") if b"GT" in keys else None
        for sample, value in zip(self.header.samples, fields[9:], strict=True):
            parts = value.split(b":")
            if len(parts) > len(keys):
                raise place.refuse(
                    sample[:60], f"{len(parts)} values stand here, but FORMAT names {len(keys)}", "Check the colons."
                )
            if genotype is not None and genotype < len(parts):
                columns.check_genotype(parts[genotype], alleles, place, sample[:60], prefix=self.phase_prefix)
            if alleles > 1 and self.format_texts:
                self._check_format_texts(dict(zip(keys, parts, strict=False)), sample, alleles, place)

    def _check_format_texts(self, values: Mapping[bytes, bytes], sample: str, alleles: int, place: Place) -> None:
        for key, number in self.format_texts.items():
            value = values.get(key, b".")
            count, wanted = value.count(b",") + 1, values_wanted(number, alleles)
            if value != b"." and count != wanted:
                raise place.refuse(sample[:60], *wrong_length(key.decode(), count, alleles, wanted))

    def _rename_info(self, fields: list[bytes]) -> None:
        if self._clash.search(fields[7]):
            fields[7] = self._clash.sub(lambda key: self._renames.get(key[0], b"INPUT_" + key[0]), fields[7])

    def _upper_case(self, fields: list[bytes], alts: list[bytes]) -> None:
        """Bases in upper case; symbols and breakends keep theirs."""
        upper_ref = fields[3].upper()
        upper_alts = [alt.upper() if alt.isalpha() else alt for alt in alts]
        if upper_ref != fields[3] or upper_alts != alts:
            self.counts.upper_cased += 1
            fields[3] = upper_ref
            alts[:] = upper_alts
            fields[4] = b",".join(alts) or b"."

    def _reference_reason(self, contig: ContigPlace, position: int, ref: bytes, place: Place) -> str:
        """Why the record as a whole cannot be annotated, "" when its REF is the reference's."""
        assert contig.sequence is not None  # noqa: S101  (only called for known contigs)
        if position < 1 or position - 1 + len(ref) > contig.length:
            self.counts.beyond_contig += 1
            return "beyond_contig"
        expected = contig.sequence.fetch(position - 1, position - 1 + len(ref))
        if expected != ref:
            if all(_IUPAC[a] & _IUPAC.get(b, frozenset()) for a, b in zip(ref, expected, strict=True)):
                return "ambiguous_reference"
            self.counts.refs_checked += 1
            self.counts.mismatch(Mismatch(place.line, contig.name, position, ref[:50].decode(), expected[:50].decode()))
            return "ref_mismatch"
        self.counts.refs_checked += 1
        return ""

    def _mask(self, fields: list[bytes], alts: list[bytes], reason: str) -> None:
        """Hide all alternate alleles when there is a reason, else those that are not plain."""
        hidden = [bool(reason) or not (columns.BASES.fullmatch(alt) or alt in _UNMASKED) for alt in alts]
        if not any(hidden):
            return
        if reason:
            self.counts.reasons[reason] += 1
        else:
            reason = _reason_of_allele(alts[hidden.index(True)])
        fields[4] = b",".join(b"<GAS%d>" % at if hide else alts[at] for at, hide in enumerate(hidden))
        note = b"GAS_ALT=%s;GAS_NOT_ANNOTATED=%s" % (b",".join(alts), reason.encode())
        fields[7] = note if fields[7] == b"." else note + b";" + fields[7]


def _reason_of_gap(ref: bytes, alts: list[bytes]) -> str:
    """Bcftools norm would move such an indel to the beginning of the reference's gap, base by base (5 ns each)."""
    gap = ref.endswith(b"N") and any(alt.endswith(b"N") and len(alt) != len(ref) for alt in alts)
    return "ambiguous_reference" if gap else ""


def _reason_of_end(end: int, contig: ContigPlace, last: int) -> str:
    """Bcftools csq takes INFO/END for the end of REF, and dies of it or annotates other bases."""
    if end <= last:
        return ""
    return "beyond_contig" if end > contig.length else "end_beyond_ref"


def _reason_of_allele(alt: bytes) -> str:
    if alt.isalpha():
        return "ambiguous_allele"
    return "symbolic_allele" if alt.startswith(b"<") else "breakend"
