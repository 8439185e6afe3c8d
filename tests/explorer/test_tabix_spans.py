"""With the bytes that the index leads to, and holes elsewhere, tabix finds what it finds in the whole file."""

from __future__ import annotations

import random
from pathlib import Path

import pysam
import pytest

from annotations.explorer.tabix_spans import spans_at

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write records over three contigs, some of them longer than a level of the index, in many blocks."""
    dice = random.Random(6)
    rows = []
    for contig in ("chr1", "chr2", "chrM"):
        places = sorted(dice.sample(range(1, 200_000_000), 6_000)) if contig != "chrM" else range(1, 16_000, 7)
        for pos in places:
            end = pos + dice.choice([0, 0, 0, 500, 40_000, 3_000_000, 90_000_000])
            info = f"END={end};NOTE={dice.randbytes(60).hex()}"
            rows.append(f"{contig}\t{pos}\t.\tA\t<DEL>\t.\t.\t{info}\n")
    path = tmp_path_factory.mktemp("whole") / "whole.vcf"
    path.write_text(HEADER + "".join(rows))
    return Path(pysam.tabix_index(str(path), preset="vcf", force=True))


def lines_at(path: Path, index: Path, contig: str, pos: int) -> list[str]:
    with pysam.TabixFile(str(path), index=str(index)) as file:
        return [line for line in file.fetch(contig, pos - 1, pos) if line.split("\t")[1] == str(pos)]


def test_a_file_with_holes_gives_the_same_lines(whole: Path, tmp_path: Path) -> None:
    index = whole.with_name(f"{whole.name}.tbi")
    content = whole.read_bytes()
    with pysam.TabixFile(str(whole), index=str(index)) as file:
        records = [line.split("\t", 2)[:2] for line in file.fetch()]
    fetched = 0
    for contig, text in random.Random(7).sample(records, 120):
        spans = spans_at(index, contig, int(text))
        holed = bytearray(len(content))
        for first, last in spans:
            holed[first : last + 1] = content[first : last + 1]
            fetched += last + 1 - first
        (tmp_path / "holed.vcf.gz").write_bytes(holed[: len(content)])
        found = lines_at(tmp_path / "holed.vcf.gz", index, contig, int(text))
        assert found == lines_at(whole, index, contig, int(text)) != []
    assert fetched / 120 < len(content) / 2


def test_a_contig_that_the_index_lacks_needs_the_head_alone(whole: Path) -> None:
    assert spans_at(whole.with_name(f"{whole.name}.tbi"), "chrZ", 5) == [(0, 65_535)]
