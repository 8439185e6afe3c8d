"""Reads an uploaded VCF or BCF in one pass and hands its records on in a form that bcftools can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading.assembly import check_bases, check_contig_lengths
from annotations.engine.reading.bcf_text import BcfText
from annotations.engine.reading.chunk_batches import Batch, ChunkReader
from annotations.engine.reading.columns import Place
from annotations.engine.reading.compression import Expander
from annotations.engine.reading.contig_names import ContigNames
from annotations.engine.reading.head_scan import scan_head
from annotations.engine.reading.header import Header, read_header
from annotations.engine.reading.header_text import KEY, clashing_ids, header_text
from annotations.engine.reading.lines import Chunk, LineSource
from annotations.engine.reading.named_assembly import mitochondrion_in_doubt, named_assembly
from annotations.engine.reading.read_counts import ReadCounts, Reading
from annotations.engine.reading.record_checks import RecordChecker
from annotations.engine.reading.sniff import check_is_vcf_text, looks_like_bcf
from annotations.engine.reading.value_checks import check_values
from annotations.engine.reference import Reference

__all__ = ["Batch", "ReadCounts", "VcfReader"]


class VcfReader:
    """One input file. Use as a context manager, or call close(): a BCF is read through a child process.

    The constructor reads the header and a first chunk. ``declare`` adds ids, as ("INFO", "END"), and contigs, as
    ("contig", "X"), to what the header declares. With ``sort_later`` the order of the records is only noted: the
    caller sorts them. ``thorough`` adds the checks of value_checks, which are too dear for every file.
    Raises InputRefused, WrongReference and, unless ``sort_later``, Unsorted, here and in batches().
    """

    samples: tuple[str, ...]
    format: str
    """The version the file states, as "VCFv4.2"."""
    compression: str
    """"plain", "gzip", "bgzf" or "bcf"."""
    header_lines: bytes
    """The complete header for bcftools, ending with the #CHROM line."""
    renamed_info: dict[str, str]
    """INFO ids of the file that clash with ours -> their new name."""
    first_record_line: int
    """The number of the line behind the header."""
    declared: tuple[tuple[str, str], ...]
    """(kind, id) that the header did not declare and ``header_lines`` does."""

    def __init__(
        self,
        path: Path,
        reference: Reference,
        limits: Limits | None = None,
        declare: Iterable[tuple[str, str]] = (),
        *,
        sort_later: bool = False,
        thorough: bool = False,
    ) -> None:
        self._limits = limits or Limits()
        self._reference = reference
        self._names = ContigNames(reference)
        self._expander = Expander(path, self._limits)
        self._bcf: BcfText | None = None
        try:
            self._open()
            self._checker = RecordChecker(self.header, reference, self.renamed_info, self._limits)
            self._reader = ChunkReader(self._checker, sort_later=sort_later)
            wanted = tuple(declare)
            # A name that no header can declare comes from a garbled record, which the thorough checks find.
            self._thorough = thorough or not all(KEY.fullmatch(name) for _, name in wanted)
            self._prepare(wanted)
        except BaseException as error:
            self._close_after(error)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and end the child process, if there is one."""
        if self._bcf is not None:
            self._bcf.close()
        self._expander.close()

    @property
    def counts(self) -> ReadCounts:
        """What was seen so far; exact once batches() has ended."""
        return self._checker.counts

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1, in compressed bytes."""
        return self._expander.fraction

    def has_looked_enough(self) -> bool:
        """Whether so much was read as a look before the job may read."""
        limits, read = self._limits, self._expander
        return read.raw_bytes >= limits.look_packed_bytes or read.expanded_bytes >= limits.look_text_bytes

    @property
    def crlf(self) -> bool:
        """Whether the lines end with CRLF."""
        return self._source.crlf

    @property
    def warnings(self) -> Sequence[str]:
        """Sentences on what was odd about the header, and about what has been read beside it."""
        doubt = mitochondrion_in_doubt(self.header.metas, self.header.contig_lengths(), self.counts.by_contig)
        return [*self.header.warnings, *([doubt] if doubt else ()), *self.counts.oddities]

    @property
    def reading(self) -> Reading:
        """All that there is to say of the file, once batches() has ended."""
        return Reading(
            format=self.format,
            compression=self.compression,
            samples=self.samples,
            crlf=self.crlf,
            declared=self.declared,
            renamed_info=self.renamed_info,
            warnings=tuple(self.warnings),
            counts=self.counts,
        )

    def batches(self) -> Iterator[Batch]:
        """The records in file order, checked; once only."""
        for _, batches in self.chunks():
            yield from batches
            del batches  # or they stay while the next chunk is read

    def chunks(self) -> Iterator[tuple[bytes, list[Batch]]]:
        """The same, beside the text of each chunk as it stood in the file (but for CRLF)."""
        lengths, named = self.header.contig_lengths(), named_assembly(self.header.metas)
        try:
            for chunk in self._chunks():
                batches = self._reader.read(chunk)
                if self._thorough:
                    self._check_values(chunk)
                yield chunk.data, batches
                del chunk, batches
                check_bases(self.counts, lengths, self._reference, at_end=False, named=named)
            if self._bcf is not None:
                self._bcf.finish()
            check_bases(self.counts, lengths, self._reference, at_end=True, named=named)
        except BaseException as error:
            self._close_after(error)
            raise

    def _open(self) -> None:
        head = self._expander.head
        self.compression = self._expander.compression
        if looks_like_bcf(head):
            self.compression = "bcf"
            self._bcf = BcfText(self._expander)
            self._source = LineSource(self._bcf, self._limits)
        else:
            head = head.removeprefix(b"\xef\xbb\xbf")
            check_is_vcf_text(head)
            self._source = LineSource(_without_mark(self._expander), self._limits)
        self.header: Header = read_header(self._source, self._limits)
        self.samples = self.header.samples
        self.format = self.header.version
        check_contig_lengths(self.header.contig_lengths(), self._names, self._reference)
        self.renamed_info = clashing_ids(self.header.declared("INFO"), self._reference)

    def _prepare(self, declare: Iterable[tuple[str, str]]) -> None:
        self.first_record_line = self._source.line
        self._ahead = self._source.chunks()
        self._first = next(self._ahead, None)
        undeclared, contigs = scan_head(self.header, self._first.data if self._first else b"")
        for kind, name in declare:
            if kind == "contig":
                contigs.append(name)
            elif KEY.fullmatch(name):
                undeclared.setdefault((kind, name), False)
        self.declared = tuple(undeclared)
        self.renamed_info |= clashing_ids((name for kind, name in undeclared if kind == "INFO"), self._reference)
        self.header_lines = header_text(
            self.header,
            self._reference,
            self._names,
            undeclared=undeclared,
            renames=self.renamed_info,
            extra_contigs=contigs,
        )

    def _check_values(self, chunk: Chunk) -> None:
        for number, line in enumerate(chunk.data[:-1].split(b"\n"), start=chunk.first_line):
            check_values(line, self.header, Place(number))

    def _chunks(self) -> Iterator[Chunk]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._ahead

    def _close_after(self, error: BaseException) -> None:
        """A garbled record in a damaged file is the damage's fault, which is then what gets raised."""
        try:
            if isinstance(error, InputRefused) and self._expander.compression != "plain" and self._bcf is None:
                self._expander.verify_rest()
        finally:
            self.close()


def _without_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks without a UTF-8 byte order mark at their start."""
    for at, block in enumerate(blocks):
        yield block if at else block.removeprefix(b"\xef\xbb\xbf")
