"""Lines of short and long records, in BGZF files with the places of their records, as the finisher writes them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from annotations.engine.results.bgzf import BLOCK_BYTES, BgzfWriter
from annotations.engine.results.index import IndexBuilder, virtual_offsets
from annotations.engine.results.index_file import depth_of
from annotations.engine.results.index_places import Numbers, Places
from annotations.engine.results.spans import Lines, last_positions

#: A contig, a position, a line.
Line = tuple[str, int, bytes]

SPAN = 3_000_000
#: A contig's length in the header, by the suffix of the index that it asks for.
LENGTHS = {".tbi": SPAN * 2, ".csi": 600_000_000}
#: Lines that the finisher takes at once: contigs end anywhere among them.
_BLOCK_LINES = 700


def made_lines(dice: random.Random, contigs: Sequence[str], records: int) -> list[Line]:
    """Give lines of small variants and of some that END, SVLEN and LEN make longer than their REF."""
    lines = []
    for contig in contigs:
        for pos in sorted(dice.randrange(0, SPAN) for _ in range(records)):
            long = dice.randrange(1, 500_000)
            ref, alt, info, sample = dice.choice(
                [
                    *[("A", "G", "DP=3", "GT\t0/1")] * 20,
                    ("A" * dice.randrange(1, 90), "C", ".", "GT\t0/1"),
                    ("A", "<DEL>", f"X=1;END={pos + long}", "GT\t0/1"),
                    ("A", "<DUP>,<DEL>", f"SVLEN={long},-{long + 7}", "GT\t0/1"),
                    ("A", "<INV>", f"END={max(pos - 5, 1)};SVLEN={long}", "GT\t0/1"),
                    ("A", "<*>", ".", f"GT:LEN:Y\t0/0:{long}:2"),
                    ("A", "<NON_REF>", "END=.", f"LEN\t{long}"),
                    ("A", "G", "TREND=9;SVLEN=999999999999999999999999999", "GT\t0/1"),
                ]
            )
            lines.append((contig, pos, f"{contig}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t{info}\t{sample}\n".encode()))
    return lines


def header(suffix: str) -> bytes:
    """Give a header that declares what the lines use."""
    lines = ["##fileformat=VCFv4.5", *(f"##contig=<ID={name},length={LENGTHS[suffix]}>" for name in "1X")]
    lines += [
        f'##INFO=<ID={name},Number=.,Type=Integer,Description="">' for name in ("DP", "END", "SVLEN", "X", "TREND")
    ]
    lines += [f'##FORMAT=<ID={name},Number=1,Type=String,Description="">' for name in ("GT", "LEN", "Y")]
    return "\n".join([*lines, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS"]).encode() + b"\n"


def written(path: Path, head: bytes, lines: Sequence[Line], suffix: str) -> Places:
    """Write the lines; answers the places of their records for an index of this kind."""
    with path.open("wb") as file:
        writer = BgzfWriter(file)
        writer.write(head)
        writer.write(b"".join(line for _, _, line in lines))
        writer.close()
    return places(len(head), lines, suffix, virtual_offsets(writer.starts, BLOCK_BYTES, writer.size))


def places(begin: int, lines: Sequence[Line], suffix: str, virtual: Callable[[Numbers], Numbers]) -> Places:
    """The places of records whose first line begins at this offset of a file's text."""
    builder = IndexBuilder(depth_of(suffix))
    for contig, part in _runs(lines):
        starts = np.cumsum([0, *(len(line) for _, line in part)])
        positions = np.array([pos for pos, _ in part])
        lengths = np.array([len(line.split(b"\t")[3]) for _, line in part])
        lasts = last_positions(Lines(b"".join(line for _, line in part), starts), positions, lengths)
        begins = np.maximum(positions - 1, 0)
        builder.add(contig, begins, np.maximum(lasts, begins + 1), starts + begin)
        begin += int(starts[-1])
    return builder.places(virtual)


def _runs(lines: Sequence[Line]) -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    for first in range(0, len(lines), _BLOCK_LINES):
        block = lines[first : first + _BLOCK_LINES]
        for contig in dict.fromkeys(name for name, _, _ in block):
            yield contig, [(pos, line) for name, pos, line in block if name == contig]
