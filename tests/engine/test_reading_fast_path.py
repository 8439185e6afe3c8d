"""The fast path against the slow path, which is the definition: on generated and mutated lines both say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annotations.engine.errors import EngineError
from annotations.engine.limits import Limits
from annotations.engine.reading.chunk_batches import ChunkReader
from annotations.engine.reading.chunk_checks import ChunkChecker
from annotations.engine.reading.header import Header, read_header
from annotations.engine.reading.lines import Chunk, LineSource
from annotations.engine.reading.record_checks import RecordChecker
from tests.engine.small_vcf import META, RECORDS, rcrs, tabs, vcf

REFERENCE = rcrs()
BASES = REFERENCE.sequence("MT").fetch(0, 16_569).decode()
LIMITS = Limits()
CONTIGS = ("MT", "MT", "chrM", "chr1", "HLA-A*01:01")


def header(samples: int, version: str = "VCFv4.2") -> Header:
    words = '##INFO=<ID=NOTE,Number=A,Type=String,Description="A word an allele">'
    content = vcf(meta=(*META, words), samples=[f"S{number}" for number in range(samples)]).replace(
        b"VCFv4.2", version.encode()
    )
    return read_header(LineSource([content], LIMITS), LIMITS)


@st.composite
def lines(draw: st.DrawFn, samples: int) -> str:
    """A line that is mostly ordinary, with odd values of every column now and then."""
    position = draw(st.integers(1, 16_569) | st.sampled_from([1, 3106, 3107, 16_569, 16_570]))
    true = BASES[position - 1 : position - 1 + draw(st.integers(1, 3))] or "A"
    odd_ref = st.sampled_from(["", ".", "a", "R", "N", "Q", "A", "CCCCC", "G" * 20])
    odd_alt = st.sampled_from(
        ["", ".", "*", "<DEL>", "<NON_REF>", "A,<NON_REF>", "a", "A,,C", "A,.", "R", "G]MT:9]", "AX"]
    )
    alt = st.lists(st.text("ACGTN", min_size=1, max_size=4), min_size=1, max_size=3).map(",".join)
    odd_position = st.sampled_from(["0", "-5", "007", "", "x", "1e3", "99999999999", "536870912", "123456789"])
    quality = st.sampled_from(
        [".", "50", "3.25", "", "1e5", "-1", ".5", "5.", "1.2.3", "high", "nan", "9" * 13, "..", "+3"]
    )
    filters = st.sampled_from(["PASS", ".", "q10", "q10;x", "", "q 10"])
    info = st.sampled_from(
        [
            ".",
            "DP=3",
            "AF=.;DP=.",
            "DP=3;AF=0.5",
            "AF=0.5,0.1;DP=3",
            "X_AF=1,2,3;NOTE=a,b,c",
            "END=16569",
            "END=16570",
            "END=1",
            "END=100",
            "END=536870913",
            "END=x",
            "END=.",
            "END=5;END=99999",
            "CIEND=1,2",
            "",
            "X Y=1",
            "BCSQ=1",
            "GAS_X",
            "MITOMAP_AF=0.1;DP=1",
            "NOT_GAS_X=1",
            "NOTE=é",
            "A=b c",
            "END",
            "MITOMAP_AFX=3",
            "=1",
            "DP=3;=1;=",
        ]
    )
    fields = [
        draw(
            st.sampled_from(CONTIGS) if draw(st.integers(0, 9)) else st.sampled_from(["", "#MT", "M T", "<c>", "a,b"])
        ),
        str(position) if draw(st.integers(0, 9)) else draw(odd_position),
        draw(st.sampled_from([".", "rs1", "a b", ""])) if not draw(st.integers(0, 5)) else ".",
        true if draw(st.integers(0, 4)) else draw(odd_ref),
        draw(alt) if draw(st.integers(0, 3)) else draw(odd_alt),
        draw(quality) if not draw(st.integers(0, 2)) else "50",
        draw(filters) if not draw(st.integers(0, 4)) else "PASS",
        draw(info),
    ]
    if samples:
        fields.append(
            draw(
                st.sampled_from(
                    ["GT", "GT:DP", "GT:DP", "DP", "DP:GT", "GT::DP", "", ".", "GT:AD:DP", "GT:GT", "GT:DP:DP"]
                )
            )
        )
        value = st.sampled_from(
            [
                "0/1",
                "1",
                ".",
                "./.",
                "0|1:5",
                "1/2:3,4",
                "0/1:5:6",
                "0/1:5:6:7",
                "0/",
                "1/10",
                "2",
                "5",
                "",
                ":",
                "0/1/1",
                "|1",
            ]
        )
        fields += [draw(value) for _ in range(samples)]
    return "\t".join(fields)


def outcome(checker: RecordChecker, data: bytes, *, fast: bool) -> object:
    """What reading a chunk gives: the records or the refusal, and all counts."""
    reader = ChunkReader(checker, sort_later=True)
    chunk = Chunk(data, 10, data.count(b"\n"))
    try:
        batches = reader.read(chunk) if fast else reader._line_by_line(chunk)
    except EngineError as error:
        return str(error)
    by_contig: dict[str, bytes] = {}
    sites: dict[str, list[object]] = {}
    for batch in batches:
        by_contig[batch.contig] = by_contig.get(batch.contig, b"") + batch.lines
        columns = (batch.sites.positions, batch.sites.alleles, batch.sites.sizes)
        sites.setdefault(batch.contig, []).extend(zip(*(column.tolist() for column in columns), strict=True))
    counts = checker.counts
    return by_contig, sites, str(counts).replace("Counter()", "Counter({})"), counts.first_unsorted_line


def agree(head: Header, data: bytes) -> None:
    slow = outcome(RecordChecker(head, REFERENCE, {}, LIMITS), data, fast=False)
    fast = outcome(RecordChecker(head, REFERENCE, {}, LIMITS), data, fast=True)
    assert fast == slow


@pytest.mark.parametrize("samples", [0, 1, 3])
def test_generated_lines_are_judged_alike(samples: int) -> None:
    head = header(samples)

    @given(st.lists(lines(samples), min_size=1, max_size=6))
    @settings(max_examples=400, deadline=None)
    def run(texts: list[str]) -> None:
        agree(head, ("\n".join(texts) + "\n").encode())
        # One refused line hides the rest: each is also judged alone.
        for text in texts:
            agree(head, (text + "\n").encode())

    run()


@given(
    st.sampled_from(RECORDS),
    st.lists(
        st.tuples(
            st.integers(0, 60), st.binary(max_size=2) | st.sampled_from([b"\t", b"\n", b"\r", b"\0", b" ", b"9", b"."])
        ),
        min_size=1,
        max_size=3,
    ),
)
@example(RECORDS[0], [(3, b"\n")])
@settings(max_examples=1_500, deadline=None)
def test_mutated_lines_are_judged_alike(record: str, changes: list[tuple[int, bytes]]) -> None:
    data = tabs(record).encode()
    for at, new in changes:
        data = data[:at] + new + data[at + 1 :]
    agree(header(1), tabs(RECORDS[0]).encode() + b"\n" + data + b"\n" + tabs(RECORDS[2]).encode() + b"\n")


def test_phase_prefixes_are_judged_alike() -> None:
    for version in ("VCFv4.3", "VCFv4.4"):
        agree(header(1, version), tabs("MT 3460 . G A . . . GT |1").encode() + b"\n")


def test_ordinary_lines_are_plain_so_that_they_are_fast() -> None:
    block = f"MT 12000 . {BASES[11_999]} . . . .;END=12050 GT:AD:DP ./.:3,4:7"
    rows = [*RECORDS, block, "chr1 5 rs1;rs2 A <NON_REF> . PASS X GT 0|0"]
    data = ("\n".join(map(tabs, rows)) + "\n").encode()
    examined = ChunkChecker(RecordChecker(header(1), REFERENCE, {}, LIMITS)).examine(data, 10)
    assert examined is not None
    assert examined.plain.tolist() == [True] * 5
    assert examined.positions.tolist() == [3460, 8993, 11_777, 12_000, 5]


def test_the_shared_reference_is_the_real_one() -> None:
    assert (len(BASES), BASES[3106]) == (16_569, "N")
    assert Path(REFERENCE.fasta).name.endswith(".fa")
