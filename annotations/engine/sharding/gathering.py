"""Puts the annotated parts of a file together: the same files as one pass over the whole file writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from annotations.engine.errors import NotShardable
from annotations.engine.pipe.attempts import OnProgress
from annotations.engine.reading.read_counts import Reading
from annotations.engine.reference import Reference
from annotations.engine.results.counts import MergedCounts
from annotations.engine.results.index_file import index_suffix
from annotations.engine.results.index_places import ContigPlaces, Places
from annotations.engine.results.order import PLACES
from annotations.engine.results.outputs import OutputNames, published, stem
from annotations.engine.results.report import Work, report
from annotations.engine.results.samples import sample_layout
from annotations.engine.sharding.cut_file import HEADER, PART_FILES, Part, Shared, read_cut
from annotations.engine.sharding.joining import JoinedTable, JoinedVcf
from annotations.engine.sharding.part import read_counts
from annotations.engine.task import OutputFile, Progress, Result


class Gatherer:
    """Takes the parts in order, each as soon as it is there; writes into ``scratch``."""

    def __init__(self, shared: Shared, reference: Reference, directory: Path, scratch: Path) -> None:
        self._shared = shared
        self._reference = reference
        self._names = OutputNames(scratch, stem(shared.name), index_suffix(reference.contigs))
        header = (directory / HEADER).read_bytes().splitlines()
        self._counts = MergedCounts(sample_layout(header, mitochondrial=False).samples)
        self._norm: Counter[str] = Counter()
        #: The contigs so far, in order, and the last record's position.
        self._contigs: dict[str, None] = {}
        self._last: tuple[str, int] = ("", 0)
        with ExitStack() as opened:
            self._vcf = opened.enter_context(JoinedVcf(self._names.vcf, self._names.index))
            self._table = opened.enter_context(JoinedTable(self._names.table))
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def add(self, part: Part, output: Path) -> None:
        """Add the next part, whose files lie in ``output``.

        Raises StageKilled when one is missing or damaged, NotShardable when its records do not follow the part before,
        or its table has other columns.
        """
        found: Mapping[str, Any] = read_counts(output, part.number)
        self._check(part, found)
        self._counts.add(found)
        self._norm.update(found["norm"])
        self._vcf.add(output / PART_FILES[0], _places(found))
        self._table.add(output / PART_FILES[1])

    def finish(self, reading: Reading) -> tuple[tuple[OutputFile, ...], dict[str, Any]]:
        """All files of the result, still in ``scratch``, and its summary. Raises StageFailed."""
        self._vcf.finish()
        self._table.finish()
        work = Work(self._shared.name, reading, self._norm, haplotype_aware=self._shared.haplotype_aware)
        return report(self._names, work, self._reference, self._counts.to_json(self._reference))

    def _check(self, part: Part, found: Mapping[str, Any]) -> None:
        if found["version"] != self._shared.version:
            raise NotShardable("A part was annotated by another version of GAS.")
        if found["tally"]["total"] != part.rows:
            raise NotShardable("A part has another number of alleles than was counted when the file was cut.")
        if found["first"] is None:
            return
        contig, position = found["first"]
        # Records that are only split are cut anywhere; all others between two positions.
        least = self._last[1] + (not part.aside)
        if position < least if contig == self._last[0] else contig in self._contigs:
            raise NotShardable("Normalisation moved a record past the place where the file was cut.")
        self._contigs |= dict.fromkeys(found["tally"]["by_contig"])
        self._last = tuple(found["last"])


def _places(found: Mapping[str, Any]) -> Places | None:
    """The places of a part's records, which a part made by an earlier GAS does not tell."""
    told = found.get(PLACES)
    return None if told is None else {contig: ContigPlaces.from_json(one) for contig, one in told.items()}


def gather(
    outputs: Sequence[Path],
    reference: Path,
    *,
    directory: Path,
    output_dir: Path,
    scratch: Path,
    on_progress: OnProgress,
) -> Result:
    """Put all parts of the cut in ``directory`` together; ``outputs`` are where theirs lie, in order.

    The result's files appear in ``output_dir`` together, at the end. Raises StageKilled, StageFailed, NotShardable,
    ReferenceBroken, ReferenceChanged.
    """
    found = read_cut(directory)
    loaded = found.shared.load_reference(reference, directory)
    records = 0
    with Gatherer(found.shared, loaded, directory, scratch) as gatherer:
        for part, output in zip(found.parts, outputs, strict=True):
            gatherer.add(part, output)
            records += part.records
            on_progress(Progress("finishing", part.number / len(found.parts), records))
        files, summary = gatherer.finish(found.reading)
    output_dir.mkdir(parents=True, exist_ok=True)
    return Result(published(files, output_dir), summary)
