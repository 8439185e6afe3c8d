"""Take over a GFF3: check it against the FASTA and write, contig by contig, what ``bcftools csq`` reads.

csq's reader (bcftools ``gff.c``) sets the rules: a line is a gene (type ``gene``, an ID ``gene:…`` or no Parent),
a part of a transcript (exon, CDS, UTR) or else a transcript, which counts when its biotype is one csq knows. It
stops at a blank line without a word and ends the run on a contig without a usable transcript, on a CDS whose
strand is not its transcript's and on a phase that contradicts the lengths before it, so none of these get through.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from annotations.engine.errors import ReferenceRefused
from annotations.engine.genes import gff_attributes, gff_biotype
from annotations.engine.install.biotypes import is_usable
from annotations.engine.install.fasta import CONTIG_NAME
from annotations.engine.install.localfile import open_local, text_lines

#: What the line of a whole contig is called in column 3, by Ensembl and RefSeq.
WHOLE_CONTIGS = frozenset({"region", "chromosome", "scaffold", "supercontig"})
PARTS = frozenset({"exon", "CDS", "three_prime_UTR", "five_prime_UTR"})
#: A GFF with a larger share of coding transcripts out of frame has its phase column wrong throughout.
MAX_OUT_OF_FRAME = 0.05
SAFE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")


@dataclass
class GffSummary:
    """What a GFF held: files, transcripts and other names by contig, circular contigs, and what was left out."""

    files: dict[str, Path] = field(default_factory=dict)
    transcripts: Counter[str] = field(default_factory=Counter)
    circular: set[str] = field(default_factory=set)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    coding: int = 0
    out_of_frame: list[str] = field(default_factory=list)


@dataclass
class Feature:
    """One line of the GFF; ``ids`` are without the prefixes ``gene:`` and ``transcript:``, as csq compares them."""

    line: int
    columns: list[str]
    attributes: dict[str, str]

    @property
    def kind(self) -> str:
        """One of "gene", "part" and "transcript", in csq's order of asking."""
        if self.columns[2] == "gene" or self.attributes.get("ID", "").startswith("gene:") or not self.parents:
            return "gene"
        return "part" if self.columns[2] in PARTS else "transcript"

    @property
    def id(self) -> str:
        """The ID, bare."""
        return _bare(self.attributes.get("ID", ""))

    @property
    def parents(self) -> list[str]:
        """The Parents' IDs, bare."""
        return [_bare(parent) for parent in self.attributes.get("Parent", "").split(",") if parent]

    @property
    def start(self) -> int:
        """Column 4."""
        return int(self.columns[3])

    @property
    def end(self) -> int:
        """Column 5."""
        return int(self.columns[4])

    @property
    def strand(self) -> str:
        """Column 7."""
        return self.columns[6]

    @property
    def phase(self) -> str:
        """Column 8: bases to skip to the next codon; a dot where it is not told."""
        return self.columns[7]


def split_gff(source: Path, lengths: Mapping[str, int], names: Mapping[str, str], target: Path) -> GffSummary:
    """Write one GFF3 a contig into the directory ``target``.

    ``lengths`` are the FASTA's contigs, ``names`` maps every name a contig may go by to the FASTA's. Raises
    ReferenceRefused with the line and the repair when csq could not use the file.
    """
    summary = GffSummary()
    parts = target / "parts"
    parts.mkdir(parents=True)
    numbered = _distribute(source, lengths, names, parts, summary)
    for contig, part in numbered.items():
        kept = _Genes(source.name, contig, summary).kept(_features(part))
        if kept:
            summary.files[contig] = _write(target, contig, lengths[contig], kept, len(summary.files))
        part.unlink()
    parts.rmdir()
    _check_whole(source.name, summary)
    return summary


def _distribute(
    source: Path, lengths: Mapping[str, int], names: Mapping[str, str], parts: Path, summary: GffSummary
) -> dict[str, Path]:
    """Check each line by itself and sort the lines by contig into files, each with its line number in front."""
    numbered: dict[str, Path] = {}
    with open_local(source) as file:
        checked = _checked(source.name, text_lines(file, source.name), lengths, names)
        for contig, rows in groupby(checked, key=lambda row: row[1][0]):
            part = numbered.setdefault(contig, parts / str(len(numbered)))
            with part.open("a", encoding="utf-8") as out:
                for number, columns in rows:
                    out.write("\t".join([str(number), *columns]) + "\n")
                    if columns[2] in WHOLE_CONTIGS and columns[3] == "1":
                        _note_contig(contig, gff_attributes(columns[8]), summary)
    return numbered


def _note_contig(contig: str, attributes: Mapping[str, str], summary: GffSummary) -> None:
    """What a line for a whole contig tells; Ensembl lists UCSC's and RefSeq's names as Alias."""
    if attributes.get("Is_circular") == "true":
        summary.circular.add(contig)
    summary.aliases[contig] = tuple(
        name for name in attributes.get("Alias", "").split(",") if CONTIG_NAME.fullmatch(name)
    )


def _checked(
    name: str, lines: Iterable[tuple[int, str]], lengths: Mapping[str, int], names: Mapping[str, str]
) -> Iterator[tuple[int, list[str]]]:
    for number, line in lines:
        if line.startswith("##FASTA"):
            return
        if line.strip() and not line.startswith("#"):
            yield number, _columns(name, number, line, lengths, names)


def _columns(name: str, number: int, line: str, lengths: Mapping[str, int], names: Mapping[str, str]) -> list[str]:
    columns = line.split("\t", 8)
    if len(columns) < 9:
        raise _refused(name, number, f"{len(columns)} columns where GFF3 has 9", "Separate them by tabs")
    columns[8] = columns[8].replace("\t", " ")
    if "=" not in columns[8] and ' "' in columns[8]:
        raise _refused(name, number, "these are the attributes of a GTF", "Convert it to GFF3")
    if columns[0] not in names:
        raise _refused(name, number, f"the contig {columns[0]} is not in the FASTA", "Give the FASTA's own GFF3")
    columns[0] = names[columns[0]]
    try:
        start, end = int(columns[3]), int(columns[4])
    except ValueError:
        raise _refused(name, number, "start and end are not numbers", "Give a GFF3 file") from None
    if start > end:
        raise _refused(name, number, f"the start {start} lies behind the end {end}", "Swap them")
    length = lengths[columns[0]]
    if (start < 1 or end > length) and Feature(number, columns, gff_attributes(columns[8])).kind != "gene":
        raise _refused(name, number, f"{start}-{end} reaches outside {columns[0]} (1-{length})", "Give matching files")
    columns[3:5] = str(max(start, 1)), str(min(end, length))
    if columns[2] == "CDS" and columns[7] not in {"0", "1", "2", "."}:
        raise _refused(name, number, f"{columns[7]!r} is no phase of a CDS", "Write 0, 1, 2 or .")
    return columns


def _features(part: Path) -> Iterator[Feature]:
    with part.open(encoding="utf-8") as lines:
        for line in lines:
            number, *columns = line.rstrip("\n").split("\t")
            yield Feature(int(number), columns, gff_attributes(columns[8]))


class _Genes:
    """The genes of one contig, from lines in any order."""

    def __init__(self, name: str, contig: str, summary: GffSummary) -> None:
        self._name = name
        self._contig = contig
        self._summary = summary
        self._genes: dict[str, Feature] = {}
        self._transcripts: dict[str, Feature] = {}
        self._parts: list[Feature] = []

    def kept(self, features: Iterable[Feature]) -> list[Feature]:
        """What csq shall read, in the file's order; the rest is counted in the summary."""
        for feature in features:
            self._sort_in(feature)
        usable = {name: t for name, t in self._transcripts.items() if self._is_usable(t)}
        parts: dict[str, list[Feature]] = {name: [] for name in usable}
        for part in self._parts:
            for parent in part.parents:
                self._check_parent(part, parent)
                if parent in usable:
                    parts[parent].append(_with_parent(part, parent))
        for name in [name for name in usable if not self._in_frame(name, usable[name], parts[name])]:
            del usable[name]
        self._summary.transcripts[self._contig] = len(usable)
        wanted = {t.parents[0] for t in usable.values()}
        kept = [gene for name, gene in self._genes.items() if name in wanted]
        kept += usable.values()
        kept += [part for name in usable for part in parts[name]]
        return sorted(kept, key=lambda feature: feature.line)

    def _sort_in(self, feature: Feature) -> None:
        if feature.kind == "part":
            self._parts.append(feature)
        elif feature.kind == "gene":
            if feature.id:
                self._genes.setdefault(feature.id, feature)
        elif feature.id:
            if feature.id in self._transcripts:
                raise _refused(self._name, feature.line, f"the ID {feature.id} is there twice", "Make IDs unique")
            self._transcripts[feature.id] = feature

    def _is_usable(self, transcript: Feature) -> bool:
        gene = transcript.parents[0]
        if gene not in self._genes:
            if gene in self._transcripts:
                self._summary.left_out["within another transcript"] += 1
                return False
            raise _refused(self._name, transcript.line, f"its Parent {gene} is nowhere on {self._contig}", "Add it")
        biotype = gff_biotype(transcript.attributes)
        if not is_usable(biotype) and not is_usable(transcript.columns[2]):
            self._summary.left_out[biotype or transcript.columns[2]] += 1
            return False
        return True

    def _check_parent(self, part: Feature, parent: str) -> None:
        if parent in self._transcripts:
            strand = self._transcripts[parent].strand
            if part.columns[2] == "CDS" and part.strand != strand:
                cause = f"a CDS on strand {part.strand} in the transcript {parent} on {strand}"
                raise _refused(self._name, part.line, cause, "Correct the strand")
        elif parent in self._genes:
            self._summary.left_out[f"{part.columns[2]} without a transcript"] += 1
        else:
            raise _refused(self._name, part.line, f"its Parent {parent} is nowhere on {self._contig}", "Add it")

    def _in_frame(self, name: str, transcript: Feature, parts: list[Feature]) -> bool:
        coding = sorted((p for p in parts if p.columns[2] == "CDS"), key=lambda p: p.start)
        if not coding:
            return True
        self._summary.coding += 1
        if transcript.strand == "-":
            coding.reverse()
        bases = -int(coding[0].phase) if coding[0].phase != "." else 0
        for cds in coding:
            if cds is not coding[0] and cds.phase != "." and int(cds.phase) != -bases % 3:
                cause = f"phase {cds.phase} of {name}, where the CDS before it asks for {-bases % 3}"
                self._summary.out_of_frame.append(f"line {cds.line}: {cause}")
                return False
            bases += cds.end - cds.start + 1
        return True


def _check_whole(name: str, summary: GffSummary) -> None:
    if len(summary.out_of_frame) > MAX_OUT_OF_FRAME * summary.coding:
        raise ReferenceRefused(f"{name}, {summary.out_of_frame[0]}. Correct the phase column.")
    if summary.out_of_frame:
        summary.left_out["out of frame"] += len(summary.out_of_frame)
    if not summary.files:
        raise ReferenceRefused(
            f"{name} holds no transcript that can be used: a gene, a transcript with Parent and biotype, and its "
            "exons and CDS are needed. Give a GFF3 as Ensembl's."
        )


def _write(target: Path, contig: str, length: int, features: list[Feature], number: int) -> Path:
    """Write the file, called after the contig where that makes a file's name and else ``_NUMBER``."""
    path = target / f"{contig if SAFE_NAME.fullmatch(contig) else f'_{number}'}.gff3"
    with path.open("w", encoding="utf-8") as out:
        out.write(f"##gff-version 3\n##sequence-region {contig} 1 {length}\n")
        out.writelines("\t".join(feature.columns) + "\n" for feature in features)
    return path


def _with_parent(part: Feature, parent: str) -> Feature:
    """The line with this parent alone: csq takes ``Parent=a,b`` for one name."""
    if len(part.parents) == 1:
        return part
    attributes = [a for a in part.columns[8].split(";") if a and not a.strip().startswith("Parent=")]
    columns = [*part.columns[:8], ";".join([*attributes, f"Parent={parent}"])]
    return Feature(part.line, columns, gff_attributes(columns[8]))


def _bare(name: str) -> str:
    return name.removeprefix("gene:").removeprefix("transcript:")


def _refused(name: str, line: int, cause: str, fix: str) -> ReferenceRefused:
    return ReferenceRefused(f"{name}, line {line}: {cause}. {fix}.")
