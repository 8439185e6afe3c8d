"""The index of a joined file, put together of what its parts tell, is the one that one pass over the file makes."""

from __future__ import annotations

import random
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam
import pytest

from annotations.engine.bcftools import command
from annotations.engine.errors import NotShardable
from annotations.engine.results.index_file import write_index
from annotations.engine.results.index_places import Numbers
from annotations.engine.results.tabix import bgzf_blocks
from annotations.engine.sharding.joining import JoinedVcf
from tests.engine.indexed_lines import LENGTHS, header, made_lines, places, written
from tests.sharding.earlier import made_by_an_earlier_version
from tests.sharding.files import task
from tests.sharding.sharded import cut_into, do_part, gathered


@pytest.mark.parametrize("suffix", LENGTHS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_has_the_bytes_of_an_index_made_in_one_pass(tmp_path: Path, suffix: str, seed: int) -> None:
    dice = random.Random(seed)
    lines = made_lines(dice, ["X", "1"], 2_000)
    # Cut anywhere, within contigs and blocks; a part without records in the middle, and one at each end.
    cuts = sorted(dice.randrange(len(lines)) for _ in range(6))
    edges = [0, 0, *cuts[:3], *cuts[2:], len(lines), len(lines)]
    path, index = tmp_path / "joined.vcf.gz", tmp_path / f"joined{suffix}"
    with JoinedVcf(path, index) as joined:
        for number, (first, last) in enumerate(pairwise(edges)):
            part = tmp_path / f"{number}.vcf.gz"
            head = b"" if number else header(suffix)
            joined.add(part, written(part, head, lines[first:last], suffix))
        joined.finish()
    one_pass = tmp_path / f"one_pass{suffix}"
    write_index(one_pass, places(len(header(suffix)), lines, suffix, _Blocks(path).virtual))
    assert index.read_bytes() == one_pass.read_bytes()


class _Blocks:
    """The places of a text's offsets in a BGZF file whose blocks have any sizes, the end block's too."""

    def __init__(self, path: Path) -> None:
        blocks = list(bgzf_blocks(path, 0))
        self._texts = np.cumsum([0, *(len(data) for _, data in blocks)])
        self._starts = np.array([*(start for start, _ in blocks), path.stat().st_size - 28])

    def virtual(self, offsets: Numbers) -> Numbers:
        block = np.searchsorted(self._texts, offsets, "right") - 1
        found: Numbers = (self._starts[block] << 16) | (offsets - self._texts[block])
        return found


def test_parts_of_an_earlier_version_have_their_index_made_by_reading_them(reference: Path, tmp_path: Path) -> None:
    a_task = task("many contigs", reference, tmp_path)
    found = cut_into(a_task, 4, tmp_path)
    outputs = [do_part(a_task, found, part.number, tmp_path) for part in found.parts]
    for output in outputs:
        made_by_an_earlier_version(output)
    gathered(a_task, found, outputs, tmp_path)
    assert _regions(tmp_path / "gathered" / "in.annot.vcf.gz") > 0


def test_parts_of_two_versions_ask_for_one_pass(reference: Path, tmp_path: Path) -> None:
    a_task = task("many contigs", reference, tmp_path)
    found = cut_into(a_task, 4, tmp_path)
    outputs = [do_part(a_task, found, part.number, tmp_path) for part in found.parts]
    made_by_an_earlier_version(outputs[1])
    with pytest.raises(NotShardable, match="different columns"):
        gathered(a_task, found, outputs, tmp_path)


def test_a_result_in_parts_answers_as_with_the_index_of_bcftools(reference: Path, tmp_path: Path) -> None:
    a_task = task("many contigs", reference, tmp_path)
    found = cut_into(a_task, 8, tmp_path)
    gathered(a_task, found, [do_part(a_task, found, part.number, tmp_path) for part in found.parts], tmp_path)
    assert _regions(tmp_path / "gathered" / "in.annot.vcf.gz") > 0


def _regions(path: Path) -> int:
    """Ask the file's own index and that of bcftools for regions; answers how many records both found."""
    theirs = path.with_name("theirs.tbi")
    subprocess.run(command("index", "--tbi", "--output", str(theirs), str(path)), check=True, capture_output=True)
    dice, found = random.Random(1), 0
    with pysam.TabixFile(str(path)) as mine, pysam.TabixFile(str(path), index=str(theirs)) as known:
        assert list(mine.contigs) == list(known.contigs)
        for contig in mine.contigs:
            assert list(mine.fetch(contig)) == list(known.fetch(contig))
            for start in [dice.randrange(60_000) for _ in range(10)]:
                lines = list(mine.fetch(contig, start, start + 3_000))
                assert lines == list(known.fetch(contig, start, start + 3_000))
                found += len(lines)
    return found
