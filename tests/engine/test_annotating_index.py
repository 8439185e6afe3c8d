"""The index of a result answers every question as the one that ``bcftools index`` makes of the same file."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import numpy as np
import pysam
import pytest

from annotations.engine.bcftools import command
from annotations.engine.results.index_file import write_index
from annotations.engine.results.spans import Lines, last_positions
from tests.engine.annotating import RCRS, annotated, vcf
from tests.engine.indexed_lines import LENGTHS, SPAN, header, made_lines, written


@pytest.mark.parametrize("suffix", LENGTHS)
@pytest.mark.parametrize("seed", [1, 2])
def test_any_region_has_the_records_that_bcftools_index_finds(tmp_path: Path, suffix: str, seed: int) -> None:
    dice = random.Random(seed)
    path, ours, theirs = tmp_path / "a.vcf.gz", tmp_path / f"ours{suffix}", tmp_path / f"theirs{suffix}"
    write_index(ours, written(path, header(suffix), made_lines(dice, ["X", "1"], 2_500), suffix))
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
