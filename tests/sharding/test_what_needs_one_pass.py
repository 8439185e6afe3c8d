"""What a part by itself cannot settle is settled all the same, and never told wrong."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from annotations.engine.child import run_child
from annotations.engine.errors import InputRefused, NotShardable, ReferenceChanged, StageFailed, Stopped
from annotations.engine.limits import Limits
from annotations.engine.sharding.children import run_cut, run_gather, run_part
from annotations.engine.sharding.cut_file import PART_FILES
from annotations.engine.sharding.size import ShardSize
from annotations.engine.task import Task
from tests.engine.processes import alive, descendants, until
from tests.sharding import genome
from tests.sharding.files import task
from tests.sharding.sharded import cut_into, do_part, gathered, outcome, quiet, whole


def _task(reference: Path, directory: Path, records: Sequence[str], samples: int = 0) -> Task:
    source = directory / "in.vcf"
    source.write_text(genome.header(samples=samples) + "\n".join(records) + "\n")
    return Task(source, "in.vcf", reference, directory / "out", shards=ShardSize(records=120))


def _substitutions(contig: str, positions: range, info: str = "DP=1") -> list[str]:
    bases = genome.sequences()[contig]
    other = dict(zip("ACGT", "GTAC", strict=True))
    return [f"{contig}\t{at}\t.\t{bases[at - 1]}\t{other[bases[at - 1]]}\t.\t.\t{info}" for at in positions]


def _moved_far() -> list[str]:
    """A deletion at the end of the long repeat, which norm moves to its beginning, past records of other parts."""
    first, last = genome.REPEAT
    at = last - 40
    bases = genome.sequences()["1"]
    deletion = f"1\t{at}\t.\t{bases[at - 1 : at + 8]}\t{bases[at - 1]}\t.\t.\tDP=1"
    before = _substitutions("1", range(first - 2_000, at - 350, 20))
    return [*before, deletion, *_substitutions("1", range(last + 100, last + 4_000, 20))]


def test_a_record_that_moves_past_a_cut_is_not_lost_or_misplaced(reference: Path, tmp_path: Path) -> None:
    a_task = _task(reference, tmp_path, _moved_far())
    options = {"on_progress": quiet, "should_stop": lambda: False, "timeout": 60}
    found = run_cut(a_task, tmp_path / "cut", **options)  # type: ignore[arg-type]
    (moved,) = [part.number for part in found.parts if _holds_a_deletion(tmp_path / "cut" / part.file)]
    with pytest.raises(NotShardable):
        run_part(tmp_path / "cut", moved, tmp_path / "done", reference=reference, **options)  # type: ignore[arg-type]
    assert not (tmp_path / "done").exists()
    result = run_child(replace(a_task, workers=2), **options)  # type: ignore[arg-type]
    assert outcome(result.files, result.summary) == whole(a_task, tmp_path / "whole")


def _holds_a_deletion(path: Path) -> bool:
    return any(len(line.split("\t")[3]) > 1 for line in gzip.decompress(path.read_bytes()).decode().splitlines())


def test_an_id_that_turns_up_late_is_declared_for_all_parts(reference: Path, tmp_path: Path) -> None:
    early = _substitutions("1", range(100, 59_000, 12), "DP=1")
    a_task = _task(reference, tmp_path, [*early, *_substitutions("2", range(100, 500, 10), "DP=1;LATE=some")])
    a_task = replace(a_task, shards=ShardSize(records=2_000), limits=Limits(chunk_bytes=1_000), workers=2)
    result = run_child(a_task, on_progress=quiet, should_stop=lambda: False, timeout=60)
    found = outcome(result.files, result.summary)
    assert '##INFO=<ID=LATE,Number=.,Type=String,Description="Not declared in the header of the input">' in found[0]
    assert "Declared in the header because records use them: INFO/LATE." in found[2]["done"]
    assert found == whole(a_task, tmp_path / "whole")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_wrong_line_is_refused_with_its_number(reference: Path, tmp_path: Path, workers: int) -> None:
    records = _substitutions("1", range(100, 50_000, 100))
    records[400] = records[400].replace("1\t", "1\tminus", 1)
    a_task = replace(_task(reference, tmp_path, records), workers=workers)
    with pytest.raises(InputRefused, match=r"^Line 411, POS"):
        run_child(a_task, on_progress=quiet, should_stop=lambda: False, timeout=60)
    assert not (tmp_path / "out").exists()


def test_genotypes_that_are_not_phased_are_refused_in_a_part_as_in_the_whole(reference: Path, tmp_path: Path) -> None:
    records = [f"{line}\tGT\t0|1" for line in _substitutions("1", range(100, 27_000, 100))]
    # In the coding part of the second gene; elsewhere csq does not ask.
    records[46] = records[46].replace("0|1", "0/1")
    a_task = replace(_task(reference, tmp_path, records, samples=1), haplotype_aware=True, workers=2)
    place = records[46].split("\t")[1]
    with pytest.raises(InputRefused, match=f"1:{place} is heterozygous and not phased"):
        run_child(a_task, on_progress=quiet, should_stop=lambda: False, timeout=60)


def test_parts_out_of_order_of_other_files_or_damaged_are_not_put_together(reference: Path, tmp_path: Path) -> None:
    found = cut_into(_task(reference, tmp_path, _substitutions("1", range(100, 9_000, 50))), 2, tmp_path)
    outputs = [do_part(_task(reference, tmp_path, []), found, number, tmp_path) for number in (0, 1)]
    a_task = Task(tmp_path / "in.vcf", "in.vcf", reference, tmp_path / "out")
    options = {"on_progress": quiet, "should_stop": lambda: False, "timeout": 60}

    def gather(parts: Sequence[Path]) -> None:
        run_gather(tmp_path / "cut", parts, tmp_path / "out", reference=reference, **options)  # type: ignore[arg-type]

    with pytest.raises(NotShardable):
        gather([outputs[1], outputs[0]])
    kept = (outputs[1] / PART_FILES[0]).read_bytes()
    (outputs[1] / PART_FILES[0]).write_bytes(kept[:-40] + kept[-28:])
    with pytest.raises(StageFailed, match="part 1 is damaged or missing"):
        gather(outputs)
    assert not (tmp_path / "out").exists()
    (outputs[1] / PART_FILES[0]).write_bytes(kept)
    assert gathered(a_task, found, outputs, tmp_path)[2]["total"] == found.records


def test_a_part_is_not_annotated_with_another_reference(reference: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cut_into(_task(reference, tmp_path, _substitutions("1", range(100, 9_000, 50))), 2, tmp_path)
    manifest = genome.install(tmp_path / "other") / "manifest.json"
    manifest.write_text(manifest.read_text() + "\n")
    with pytest.raises(ReferenceChanged):
        run_part(
            tmp_path / "cut",
            0,
            tmp_path / "done",
            reference=manifest.parent,
            on_progress=quiet,
            should_stop=lambda: False,
            timeout=60,
        )


def test_stopping_ends_the_pipes_of_all_parts_and_leaves_nothing(reference: Path, tmp_path: Path) -> None:
    a_task = replace(task("haplotypes", reference, tmp_path), workers=3, shards=ShardSize(records=200))
    before = set(descendants(os.getpid()))
    seen: set[int] = set()

    def should_stop() -> bool:
        seen.clear()
        seen.update(set(descendants(os.getpid())) - before)
        # The engine, and at least two finishers with a bcftools each.
        return len(seen) >= 5

    with pytest.raises(Stopped):
        run_child(a_task, on_progress=quiet, should_stop=should_stop, timeout=60)
    until(lambda: not any(alive(pid) for pid in seen), 5)
    assert not (tmp_path / "out").exists()
