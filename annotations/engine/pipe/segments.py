"""Which bcftools commands a contig's records go through.

``csq`` takes one genetic code and one GFF a run, and holds all its transcripts in memory. So contigs are taken
together as long as they share the code and the reference has few transcripts; else each goes by itself.
"""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from pathlib import Path

from annotations.engine.pipe.crowding import SORT_WINDOW
from annotations.engine.reference import Contig, Reference

#: Transcripts one csq process may hold: 500,000 cost 3.5 s and 605 MB (measured), so some 60 MB.
MAX_TRANSCRIPTS_TOGETHER = 50_000
#: Memory one ``bcftools sort`` takes before it goes to disk.
SORT_MEMORY = "96M"
STANDARD_CODE = 1


@dataclass(frozen=True)
class Segment:
    """A run of the pipe: its genetic code and genes; without genes csq is left out."""

    genetic_code: int
    gff: Path | None


class Plan:
    """The commands for each contig of a reference. ``directory`` takes the files the commands need."""

    def __init__(
        self, reference: Reference, directory: Path, *, sort_after_norm: bool = False, haplotype_aware: bool = False
    ) -> None:
        self._reference = reference
        self._haplotype_aware = haplotype_aware
        self._directory = directory
        self._sort_after_norm = sort_after_norm
        self._contigs = {contig.name: contig for contig in reference.contigs}
        self._segments: dict[str, Segment] = {}
        self._together = reference.transcripts <= MAX_TRANSCRIPTS_TOGETHER

    @property
    def sort_window(self) -> int:
        """How far ``norm`` sorts, in positions: not at all where its output is sorted anyway."""
        return 0 if self._sort_after_norm else SORT_WINDOW

    def segment(self, contig: str) -> Segment:
        """The segment of a contig the reference has; neighbouring contigs of equal segments share a run."""
        found = self._segments.get(contig)
        if found is None:
            found = self._segments[contig] = self._segment(self._contigs[contig])
        return found

    def first_segment(self) -> Segment:
        """A segment for a file without records, so that its header goes the same way."""
        return self.segment(self._reference.contigs[0].name)

    def commands(self, segment: Segment) -> list[list[str]]:
        """The pipe's bcftools commands; the last writes VCF text, the others uncompressed BCF."""
        fasta = str(self._reference.fasta)
        commands = [["norm", "--no-version", "-m", "-any", "-c", "w", "-w", str(self.sort_window), "-f", fasta]]
        if self._sort_after_norm:
            commands.append(sort_command(self._directory))
        if segment.gff is not None:
            # By haplotype, csq wants phased genotypes (-p r) and writes each sample's consequences into FORMAT/BCSQ.
            how = ["-p", "r"] if self._haplotype_aware else ["-l", "-s", "-"]
            commands.append(["csq", "--no-version", *how, "-f", fasta, "-g", str(segment.gff)])
            if segment.genetic_code != STANDARD_CODE:
                # bcftools' own default is table 1 with ATG as the only start, as VEP has it.
                commands[-1] += ["-C", str(segment.genetic_code)]
        return [[*command, "-Ou" if command is not commands[-1] else "-Ov", "-"] for command in commands]

    def aside_commands(self) -> list[list[str]]:
        """The commands for records of contigs that the reference lacks: they are only split."""
        return [["norm", "--no-version", "-m", "-any", "-w", "0", "-Ov", "-"]]

    def _segment(self, contig: Contig) -> Segment:
        if contig.gff is None:
            # csq gives up on a contig that its GFF does not name.
            return Segment(STANDARD_CODE, None)
        if not self._together:
            return Segment(contig.genetic_code, contig.gff)
        code = contig.genetic_code
        same_code = [other.name for other in self._reference.contigs if other.genetic_code == code]
        return Segment(code, self._joined_gff(code, self._reference.gff_for(same_code)))

    def _joined_gff(self, code: int, files: list[Path]) -> Path | None:
        if len(files) < 2:
            return files[0] if files else None
        joined = self._directory / f"genes.{code}.gff3"
        if not joined.exists():
            with joined.open("wb") as out:
                for path in files:
                    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as genes:
                        shutil.copyfileobj(genes, out)
        return joined


def sort_command(directory: Path) -> list[str]:
    """``bcftools sort`` in bounded memory, with its temporary files under ``directory``."""
    return ["sort", "-m", SORT_MEMORY, "-T", f"{directory}/sort."]
