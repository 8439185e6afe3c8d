"""The files of a job in shards, in the store below the job's results: what it was cut into, what was made of that.

    results/JOB/ATTEMPT.parts/cut.json, header.vcf, sources/…    all parts need them
    results/JOB/ATTEMPT.parts/parts/00003.vcf.gz                 the text of one part
    results/JOB/ATTEMPT.parts/done/3/1/…                         what its first attempt made of it

All of it is private, and all of it is removed as soon as the job has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from annotations.engine.errors import Stopped
from annotations.engine.sharding.cut_file import CUT, PART_FILES, Cut, read_cut
from annotations.models import Job, Shard
from annotations.models.shards import parts_prefix
from gas_site.storage import Beat, file_store


def keep_cut(job: Job, cut: Cut, directory: Path, beat: Beat) -> None:
    """Move what a file was cut into from a local directory into the store; what tells of it last."""
    prefix = parts_prefix(job.pk, job.attempt)
    names = [*(part.file for part in cut.parts), *(name for name in cut.common if name != CUT), CUT]
    for name in names:
        file_store().adopt(directory / name, f"{prefix}/{name}", beat)


def keep_outputs(shard: Shard, output: Path, beat: Beat) -> None:
    """Move what was made of a part into the store, below this attempt's own prefix.

    Raises Stopped where the job has ended meanwhile: nobody comes again to clear what would stay here.
    """
    try:
        for name in PART_FILES:
            file_store().adopt(output / name, f"{shard.outputs_prefix}/{name}", beat)
    except Stopped:
        file_store().remove_tree(shard.outputs_prefix)
        raise


@contextmanager
def part_of(shard: Shard, directory: Path, beat: Beat) -> Iterator[Path]:
    """Give a directory with one part and what all parts need, for as long as the block runs."""
    with ExitStack() as held:
        _fetch_common(held, shard, directory, beat)
        _fetch(held, shard.parts_prefix, [shard.file], directory, beat)
        yield directory


@contextmanager
def outputs_of(shard: Shard, parts: Iterable[Shard], directory: Path, beat: Beat) -> Iterator[tuple[Path, list[Path]]]:
    """Give a directory with what all parts need, and one for each part with what was made of it, in their order."""
    with ExitStack() as held:
        _fetch_common(held, shard, directory, beat)
        outputs = []
        for part in parts:
            output = directory / "done" / str(part.number)
            _fetch(held, part.outputs_prefix, PART_FILES, output, beat)
            outputs.append(output)
        yield directory, outputs


def _fetch_common(held: ExitStack, shard: Shard, directory: Path, beat: Beat) -> None:
    _fetch(held, shard.parts_prefix, [CUT], directory, beat)
    common = [name for name in read_cut(directory).common if name != CUT]
    _fetch(held, shard.parts_prefix, common, directory, beat)


def _fetch(held: ExitStack, prefix: str, names: Iterable[str], directory: Path, beat: Beat) -> None:
    """Link to local copies under the names that the engine knows them by."""
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(held.enter_context(file_store().local(f"{prefix}/{name}", beat)))
