"""The index of a result answers every question as the one that ``bcftools index`` makes of the same file."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import numpy as np
import pysam
import pytest

from annotations.engine.bcftools import command
from annotations.engine.results.bgzf import BLOCK_BYTES, BgzfWriter
from annotations.engine.results.index import IndexBuilder
from annotations.engine.results.spans import Lines, last_positions
from tests.engine.annotating import RCRS, annotated, vcf

FAR = 600_000_000
SPAN = 3_000_000


def made_vcf(dice: random.Random, contigs: list[str], records: int) -> list[tuple[str, int, bytes]]:
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


def header(length: int) -> bytes:
    lines = ["##fileformat=VCFv4.5", *(f"##contig=<ID={name},length={length}>" for name in "1X")]
    lines += [
        f'##INFO=<ID={name},Number=.,Type=Integer,Description="">' for name in ("DP", "END", "SVLEN", "X", "TREND")
    ]
    lines += [f'##FORMAT=<ID={name},Number=1,Type=String,Description="">' for name in ("GT", "LEN", "Y")]
    return "\n".join([*lines, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS"]).encode() + b"\n"


def write(path: Path, head: bytes, records: list[tuple[str, int, bytes]], index: Path) -> None:
    """Write the file and its index as the finisher does, in blocks that cut contigs anywhere."""
    builder = IndexBuilder(csi=index.suffix == ".csi")
    with path.open("wb") as file:
        writer = BgzfWriter(file)
        writer.write(head)
        for first in range(0, len(records), 700):
            for contig in dict.fromkeys(name for name, _, _ in records[first : first + 700]):
                part = [(pos, line) for name, pos, line in records[first : first + 700] if name == contig]
                text = b"".join(line for _, line in part)
                starts = np.cumsum([0, *(len(line) for _, line in part)])
                positions = np.array([pos for pos, _ in part])
                lengths = np.array([len(line.split(b"\t")[3]) for _, line in part])
                lasts = last_positions(Lines(text, starts), positions, lengths)
                begins = np.maximum(positions - 1, 0)
                builder.add(contig, begins, np.maximum(lasts, begins + 1), starts + writer.size)
                writer.write(text)
        writer.close()
    with index.open("wb") as file:
        packed = BgzfWriter(file)
        packed.write(builder.to_bytes(writer.starts, BLOCK_BYTES, writer.size))
        packed.close()


@pytest.mark.parametrize(("suffix", "length"), [(".tbi", SPAN * 2), (".csi", FAR)])
@pytest.mark.parametrize("seed", [1, 2])
def test_any_region_has_the_records_that_bcftools_index_finds(
    tmp_path: Path, suffix: str, length: int, seed: int
) -> None:
    dice = random.Random(seed)
    path, ours, theirs = tmp_path / "a.vcf.gz", tmp_path / f"ours{suffix}", tmp_path / f"theirs{suffix}"
    write(path, header(length), made_vcf(dice, ["X", "1"], 2_500), ours)
    kind = "--csi" if suffix == ".csi" else "--tbi"
    subprocess.run(command("index", kind, "--output", str(theirs), str(path)), check=True, capture_output=True)
    with pysam.TabixFile(str(path), index=str(ours)) as mine, pysam.TabixFile(str(path), index=str(theirs)) as known:
        assert list(mine.contigs) == list(known.contigs) == ["X", "1"]
        found = 0
        for _ in range(300):
            contig, start = dice.choice("1X"), dice.randrange(SPAN)
            region = (contig, start, start + dice.choice([1, 100, 20_000, 400_000, SPAN]))
            lines = list(mine.fetch(*region))
            assert lines == list(known.fetch(*region))
            found += len(lines)
        assert found > 10_000
    ours.rename(f"{path}{suffix}")
    ran = subprocess.run(command("index", "--nrecords", str(path)), check=True, capture_output=True)
    assert ran.stdout == b"5000\n"


def test_a_record_ends_where_the_longest_of_its_lengths_says() -> None:
    lines = [
        b"1\t10\t.\tACG\tA\t.\t.\t.\n",
        b"1\t10\t.\tA\t<DEL>\t.\t.\tEND=50;SVLEN=-9\n",
        b"1\t10\t.\tA\t<DEL>\t.\t.\tSVLEN=-90,+7,.\n",
        b"1\t10\t.\tA\tG\t.\t.\tTREND=70\tGT:LEN\t0/0:30\t./.:40\t.\n",
        b"1\t10\t.\tA\tG\t.\t.\tEND=3\tGT\t0/1:99\n",
        b"1\t10\t.\tA\t<CNV>\t.\t.\tSVLEN=" + b"9" * 5_000 + b"\n",
    ]
    starts = np.cumsum([0, *map(len, lines)])
    ten, lengths = np.full(len(lines), 10), np.array([3, 1, 1, 1, 1, 1])
    assert last_positions(Lines(b"".join(lines), starts), ten, lengths).tolist() == [12, 50, 100, 50, 10, 1 << 29]


def test_a_result_without_records_has_an_index_without_contigs(tmp_path: Path) -> None:
    got = annotated(vcf(), tmp_path)
    with pysam.TabixFile(str(got.path("vcf"))) as file:
        assert (list(file.contigs), list(file.fetch())) == ([], [])


def test_a_structural_variant_of_a_result_is_found_by_where_it_ends(tmp_path: Path) -> None:
    head = vcf().partition("#CHROM")[0] + '##INFO=<ID=END,Number=1,Type=Integer,Description="">\n'
    got = annotated(vcf("MT 100 . G <DEL> . . END=9000", "MT 3460 . G A . . .", header=head), tmp_path, reference=RCRS)
    with pysam.TabixFile(str(got.path("vcf"))) as file:
        assert [line.split("\t")[1] for line in file.fetch("MT", 8_000, 8_001)] == ["100"]
